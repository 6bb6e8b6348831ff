/**
 * A Socket.IO socket as a pipe: transport messages are the reserved event `anywire`, with the number of the pipe and their own;
 * a list in place of the text, `[code, reason, retryAfterMs]`, ends the pipe.
 *
 * Socket.IO's own acks, retries and buffers are left alone. Nothing is emitted while the socket is not connected: it would
 * wait there without a bound, and be sent before the session has connected again.
 *
 * @see docs/protocol.md#socketio · packages/protocol/src/client/host.ts for the contract
 */
import type { Clock } from '@anywire/core';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import { fitting } from './fitting.ts';
import { afterDisconnect, afterFailure, afterRefusal, type Ended } from './refusal.ts';
import type { SocketLike } from './socket-like.ts';

/** The one event of ours, both ways, and the mark of a handshake of ours. */
export const anywireEvent = 'anywire';

/** Numbers of pipes of a socket go up. Kept with it: another copy of this module may use the same socket. */
const numbers: unique symbol = Symbol.for('anywire.pipes');
type Numbered = SocketLike & { [numbers]?: number };

/** How long a socket of our own waits for the server to end it, in ms: what was said last may need as long. */
const partingMs = 500;

export interface PipeOptions {
  /** The socket is nobody else's: it goes with the pipe. */
  readonly isOwned: boolean;
  readonly clock: Clock;
  /** The server has turned the socket away, and Socket.IO will not connect it again. */
  turnedAway?(): void;
}

/** The pipe opens when the socket is connected. */
export function socketPipe(
  socket: SocketLike,
  { isOwned, clock, turnedAway }: PipeOptions,
  events: PipeEvents,
): Pipe {
  const id = ((socket as Numbered)[numbers] ?? 0) + 1;
  (socket as Numbered)[numbers] = id;
  let state: 'opening' | 'open' | 'closed' = 'opening';

  let sent = 0;
  let heard = 0;

  const emit = (message: string | readonly unknown[]): void => {
    if (!socket.connected) return;
    sent += 1;
    const { sendBuffer } = socket;
    const { length } = sendBuffer;
    socket.emit(anywireEvent, id, sent, message);
    // A socket that has just found its connection dead keeps what is emitted.
    if (sendBuffer.length > length) sendBuffer.length = length;
  };
  const finish = (how: Ended): void => {
    if (state === 'closed') return;
    state = 'closed';
    for (const [event, listener] of listeners) socket.off(event, listener);
    if (isOwned) leave(socket, clock);
    events.closed(how);
  };
  const opened = (): void => {
    if (state !== 'opening' || !socket.connected) return;
    state = 'open';
    events.opened();
  };
  const received = (to: unknown, count: unknown, message: unknown): void => {
    if (to !== id) return; // late, or of another pipe
    // Below, requests of long polling are made again when their connection breaks: an answer may come twice, or be lost by it.
    if (typeof count === 'number' && count <= heard) return;
    if (count !== ++heard) return finish({ code: 1006, reason: 'a transport message was lost' });
    if (typeof message === 'string') return events.received(message);
    const [code, reason, retryAfterMs] = message as [number, string, number?];
    finish({ code, reason, retryAfterMs });
  };
  const refused = (error: unknown): void => {
    if (!socket.active) {
      turnedAway?.();
      finish(afterRefusal(error as Error));
    } else if (isOwned) finish(afterFailure(error as Error));
    // Else the app's own loop goes on, and `connect` will come.
  };
  const disconnected = (reason: unknown, details?: unknown): void => {
    if (reason === 'io server disconnect') turnedAway?.();
    finish(afterDisconnect(reason as string, details));
  };
  const listeners: readonly (readonly [string, (...args: unknown[]) => void])[] = [
    ['connect', opened],
    ['connect_error', refused],
    ['disconnect', disconnected],
    [anywireEvent, received],
  ];
  for (const [event, listener] of listeners) socket.on(event, listener);
  // Not before this function has returned.
  queueMicrotask(opened);

  return {
    native: socket,
    send(message) {
      for (const part of fitting(message as string, socket, events)) emit(part);
    },
    close(code, reason) {
      if (state !== 'closed') emit([code, reason]);
      finish({ code, reason });
    },
  };
}

/**
 * Disconnects when the server has heard what came before, and has ended the socket itself. What it reads together with a
 * `disconnect` it drops, so that a member that said goodbye would stay for the grace.
 */
function leave(socket: SocketLike, clock: Clock): void {
  const end = (): void => {
    cancel();
    socket.off('disconnect', end);
    socket.disconnect();
  };
  if (!socket.connected) return void socket.disconnect();
  const cancel = clock.schedule(end, partingMs);
  socket.on('disconnect', end);
}
