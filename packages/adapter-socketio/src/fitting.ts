/**
 * What Socket.IO lets through: a packet over `maxHttpBufferSize` of the server ends the whole connection, over WebSockets without
 * a reason, and what was not acknowledged would be sent again, for ever. So sizes are checked before anything is emitted.
 *
 * @see socketio.faults.test.ts
 */
import type { PipeEvents } from '@anywire/protocol/client';
import type { SocketLike } from './socket-like.ts';

/** The event around a text: types of packets, name, number, brackets and quotes. The namespace is a path of a URL. */
const eventBytes = 256;
/** Of one UTF-16 unit as JSON: `\u0000`. */
const mostPerUnit = 6;
const encoder = new TextEncoder();

/** Bytes of `text` as Socket.IO's own parser writes it. Others write less. */
const bytesOf = (text: string): number => encoder.encode(JSON.stringify(text)).length + eventBytes;

/**
 * Bytes of a packet that the server takes: stated in the handshake of engine.io, where 0 is no limit.
 *
 * @see https://socket.io/docs/v4/engine-io-protocol/#handshake
 */
export function mostBytes(socket: SocketLike): number {
  const { _maxPayload: max = 0 } = engineOf(socket) ?? {};
  return max > 0 ? max : Infinity;
}

/** The connection below a socket. */
export const engineOf = ({
  io,
}: SocketLike): { readonly _maxPayload?: number; close?(): unknown } | undefined =>
  (io as { engine?: { _maxPayload?: number; close?(): unknown } }).engine;

/**
 * The transport messages as which `message` gets through: mostly itself. A frame that does not is answered here, as the server
 * would, with `payload_too_large`.
 */
export function fitting(
  message: string,
  socket: SocketLike,
  events: Pick<PipeEvents, 'received'>,
): readonly string[] {
  const max = mostBytes(socket);
  if (message.length * mostPerUnit + eventBytes <= max || bytesOf(message) <= max) return [message];
  return message.split('\n').filter((frame) => {
    if (bytesOf(frame) <= max) return true;
    const { r, c } = JSON.parse(frame) as { readonly r?: number; readonly c?: string };
    const text = `the frame has more than the ${max} bytes that Socket.IO lets through`;
    const answer = { t: 'error', r, c, code: 'payload_too_large', message: text };
    queueMicrotask(() => events.received(JSON.stringify(answer)));
    return false;
  });
}
