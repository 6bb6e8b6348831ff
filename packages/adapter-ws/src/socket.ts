/**
 * A WebSocket as a pipe.
 *
 * @see packages/protocol/src/client/host.ts for the contract · ws.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import type { WsOptions } from './ws.ts';

/** What is used of a WebSocket. */
export interface WebSocketLike {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  /** What the server has selected. */
  readonly protocol?: string;
  binaryType?: string;
  send(message: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/** The class of the global `WebSocket`, of the package `ws`, or of another implementation. */
export type WebSocketClass = new (url: string | URL, protocols: string[]) => WebSocketLike;

/** @param offers - The subprotocols of those who speak. @param addressOf - What becomes of the URL. */
export type OpenSocket = (
  events: PipeEvents,
  offers: readonly string[],
  addressOf: (url: string | URL) => string,
) => Pipe;

/**
 * Opens sockets, each of which reports to its `events`.
 *
 * @throws {RealtimeError} of what opens them: `unsupported` without a WebSocket class, `invalid` when it refuses the URL
 */
export const socketOpener =
  (options: WsOptions): OpenSocket =>
  (events, offers, addressOf) => {
    const { url, WebSocket = globalThis.WebSocket, protocols = [], codec } = options;
    if (!WebSocket)
      throw new RealtimeError('unsupported', 'no WebSocket; pass one: ws({ url, WebSocket })');
    let socket: WebSocketLike;
    let trouble = 'no WebSocket';
    try {
      const address = addressOf(typeof url === 'function' ? url() : url);
      // Without query and user: they may be secrets.
      trouble = `no WebSocket at ${address} `.replace(/\?.*(?= )|[^/?]*@/g, '');
      socket = new WebSocket(address, [...offers, ...protocols]);
    } catch (cause) {
      throw new RealtimeError('invalid', trouble, { cause });
    }

    const finish = ({ code, reason }: { code: number; reason: string }): void => {
      if (!socket.onclose) return;
      socket.onopen = socket.onmessage = socket.onclose = null;
      events.closed({ code, reason: reason || trouble });
    };
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      trouble = '';
      // A server that does not have the codec selects JSON.
      events.opened(socket.protocol === codec?.subprotocol ? codec : undefined);
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) =>
      events.received(typeof data === 'string' ? data : new Uint8Array(data));
    socket.onclose = finish;
    // `close` follows. Browsers say nothing here; others name the cause.
    socket.onerror = ({ message = '' }: { message?: string }) => (trouble += message);
    return {
      native: socket,
      send: (message) => socket.send(message as string | Uint8Array<ArrayBuffer>),
      close(code, reason) {
        socket.close(code, reason);
        // On a dead network a browser says `close` only after minutes.
        finish({ code, reason });
      },
    };
  };
