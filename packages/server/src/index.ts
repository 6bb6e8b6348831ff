/**
 * `@anywire/server`: the self-hosted server. Rooms, acks, presence, history and resume, over WebSockets.
 *
 * @module
 */
export {
  createServer,
  type AnywireServer,
  type AttachOptions,
  type CloseOptions,
  type PublishOptions,
} from './server.ts';
export type { MeterReading } from './meter.ts';
export type { Reauthorized, ReauthorizeOptions } from './reauthorize.ts';
export { memory, type MemoryOptions } from './memory.ts';
export { defaultLimits, type Limits, type ServerOptions } from './options.ts';
export type {
  AuthenticateRequest,
  AuthorizeRequest,
  Client,
  Grant,
  Hooks,
  Identity,
  PublishRequest,
} from './hooks.ts';
export type { ChannelDefinition, ChannelDefinitions } from './channel-rules.ts';
export type { Published } from './publish.ts';
export type { HttpServer } from './host-server.ts';
export type { ConnectRequest, Transport, TransportEvents } from './transport.ts';
export type { Clock } from './clock.ts';
export type { Log } from './log.ts';
export type { MaybePromise } from './flow.ts';
export * from './engine.ts';
export { Frame, messageFrame, messageHead } from './frame.ts';
