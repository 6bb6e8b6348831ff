/**
 * `@anywire/server`: the self-hosted server. Rooms, acks, presence, history and resume, over WebSockets, plain HTTP and
 * Socket.IO.
 *
 * @module
 */
export { createServer, type AnywireServer, type AttachOptions } from './server.ts';
export type { Backend } from './backend.ts';
export type { ChannelsPage, ChannelsQuery, Occupancy, PresentMember } from './backend-channels.ts';
export type { HistoryPage, HistoryQuery, StoredMessage } from './backend-history.ts';
export type { DisconnectOptions, DisconnectTarget } from './disconnect.ts';
export type {
  BatchMessage,
  Extras,
  NotPublished,
  Published,
  PublishOptions,
} from './publish-backend.ts';
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
export type { HttpServer } from './host-server.ts';
export type { ConnectRequest, Transport, TransportEvents } from './transport.ts';
export type { SocketIoAttachOptions } from './socketio.ts';
export type { SocketIoNamespace, SocketIoServer, SocketIoSocket } from './socketio-types.ts';
export type { Clock } from './clock.ts';
export type { CloseOptions } from './drain.ts';
export type { CommandConfig, ListenConfig } from './cli/check-config.ts';
export type { Log, Logger, LogLevel } from './log.ts';
export type { MaybePromise } from './flow.ts';
export * from './engine.ts';
export { Frame, messageFrame, messageHead } from './frame.ts';
