/**
 * What is used of an app's `socket.io` server, as structures: this package does not depend on it, and any 4.x fits.
 *
 * @see socketio.ts · https://socket.io/docs/v4/server-api/
 */
import type { HttpHeaders } from './http-request.ts';

/** A `Server` of `socket.io`. */
export interface SocketIoServer {
  of(name: string): SocketIoNamespace;
  /** The engine below; absent until the server was attached to an HTTP server. */
  readonly engine?: unknown;
}

/** A namespace of it. */
export interface SocketIoNamespace {
  readonly sockets: ReadonlyMap<string, SocketIoSocket>;
  use(middleware: (socket: SocketIoSocket, next: (error?: Error) => void) => void): unknown;
  on(event: 'connection', listener: (socket: SocketIoSocket) => void): unknown;
  off(event: 'connection', listener: (socket: SocketIoSocket) => void): unknown;
}

/** One client in a namespace. */
export interface SocketIoSocket {
  readonly connected: boolean;
  readonly handshake: {
    readonly headers: HttpHeaders;
    readonly address: string;
    readonly url: string;
    readonly auth: { readonly [key: string]: unknown };
  };
  readonly conn: unknown;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  disconnect(close?: boolean): unknown;
}

/** What engine.io knows of a client. Read where `socket.io` itself offers nothing: what waits, and what may come. */
export interface EngineConnection {
  readonly transport: {
    readonly writable?: boolean;
    /** Of a WebSocket: the one of the package `ws`. */
    readonly socket?: {
      readonly bufferedAmount?: number;
      pause?(): void;
      resume?(): void;
      terminate?(): void;
    };
    once(event: 'drain', listener: () => void): unknown;
    off(event: 'drain', listener: () => void): unknown;
  };
  /** Absent over WebTransport. */
  readonly request?: unknown;
  readonly server?: { readonly opts?: EngineOptions };
  on(event: 'drain' | 'upgrade', listener: () => void): unknown;
  off(event: 'drain' | 'upgrade', listener: () => void): unknown;
  close(discard?: boolean): unknown;
}

/** Asked by engine.io before a handshake, whatever its transport. */
export type AllowRequest = (
  request: { readonly headers: HttpHeaders },
  decide: (message: string | null | undefined, isAllowed: boolean) => void,
) => void;

/** Options that engine.io reads each time. */
export interface EngineOptions {
  allowRequest?: AllowRequest | undefined;
  readonly maxHttpBufferSize?: number;
  readonly connectionStateRecovery?: unknown;
}
