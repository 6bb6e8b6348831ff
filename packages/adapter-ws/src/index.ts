/**
 * `@anywire/adapter-ws`: Anywire over a raw WebSocket, with `@anywire/server` or any other `anywire.v1` server.
 *
 * @module
 */
export { ws, type WsOptions } from './ws.ts';
export type { WebSocketClass, WebSocketLike } from './socket.ts';
