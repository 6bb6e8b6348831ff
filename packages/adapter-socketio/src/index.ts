/**
 * `@anywire/adapter-socketio`: Anywire over Socket.IO, with `@anywire/server` attached to the app's own `socket.io` server.
 *
 * @module
 */
export {
  socketio,
  type OwnSocketOptions,
  type SocketIoOptions,
  type UrlOptions,
} from './socketio.ts';
export type { IoFunction, SocketLike } from './socket-like.ts';
