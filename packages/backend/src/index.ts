/** `@anywire/backend`: what an app's own backend needs for a managed service. @see README.md @module */
export { createBackend, type Backend, type Published, type PublishOptions } from './backend.ts';
export type { BackendOptions } from './options.ts';
export type { Done, Outcome } from './publish-terms.ts';
export type {
  AuthRequest,
  BackendEvent,
  ChannelAction,
  ChannelGrant,
  Outgoing,
  Provider,
  ProviderChannel,
  ProviderKit,
  ProviderMember,
} from './provider.ts';
