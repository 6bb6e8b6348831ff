/**
 * `@anywire/core`: one realtime API for every backend. Core is policy; adapters are mechanism.
 *
 * @module
 */
export { createRealtime } from './realtime.ts';
export { defineChannels, event, presence } from './channels.ts';
export { RealtimeError } from './errors.ts';
export { defaults } from './options.ts';
export type * from './api.ts';
export type * from './contract.ts';
export type { Clock } from './clock.ts';
export type { Environment, Hint } from './environment.ts';
export type { ErrorCode } from './errors.ts';
export type {
  InboundContext,
  Interceptor,
  Interceptors,
  OutboundContext,
  Outgoing,
  Published,
} from './interception.ts';
export type { Defaults } from './options.ts';
export type { StandardSchema } from './schema.ts';
export type { Store } from './store.ts';
export type {
  ChannelDefinition,
  ChannelName,
  Channels,
  ChannelSpec,
  DefinitionOf,
  EventsOf,
  EventSpec,
  NameOf,
  PresenceOf,
  PresenceSpec,
} from './channels.ts';
