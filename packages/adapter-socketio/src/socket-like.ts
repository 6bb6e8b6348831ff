/**
 * What is used of `socket.io-client`, as structures: sockets with types of their own events fit, whichever 4.x made them.
 *
 * @see https://socket.io/docs/v4/client-api/
 */

/** A `Socket` of `socket.io-client`. */
export interface SocketLike {
  readonly connected: boolean;
  /** Its own loop will connect it, or is about to. */
  readonly active: boolean;
  /** What was emitted without a connection, and would be sent before anything else after the next one. */
  readonly sendBuffer: unknown[];
  readonly io: unknown;
  readonly id?: string | undefined;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Every event of the server's. */
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  offAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

/** `io` of `socket.io-client`. */
export type IoFunction = (url: string, options: object) => SocketLike;
