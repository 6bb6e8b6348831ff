/**
 * A pipe on a socket that the app has made, beside the app's own events.
 *
 * Who connects it: the app does, and then Socket.IO's own loop; each attempt of core waits for them. Only what that loop gives
 * up, because the server has turned the socket away, is asked for here, so there are never two loops.
 *
 * @see socket-pipe.ts · socketio.faults.test.ts
 */
import type { Clock } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import { socketPipe } from './socket-pipe.ts';
import type { SocketLike } from './socket-like.ts';

/** Sockets that the server has turned away. One that the app has disconnected is none of them. */
export const turnedAway: WeakSet<SocketLike> = new WeakSet();

/** @throws {RealtimeError} invalid, for a socket with `retries`: each frame would be sent again until it is acknowledged */
export function checkShared(socket: SocketLike): void {
  const { _opts: options } = socket as { readonly _opts?: { readonly retries?: number } };
  if (options?.retries)
    throw new RealtimeError('invalid', 'the socket has the option `retries`; pass one without it');
}

/** @throws {RealtimeError} as {@link checkShared} */
export function openShared(socket: SocketLike, events: PipeEvents, clock: Clock): Pipe {
  checkShared(socket);
  const isOwned = false;
  const pipe = socketPipe(
    socket,
    { isOwned, clock, turnedAway: () => turnedAway.add(socket) },
    events,
  );
  if (turnedAway.delete(socket) && !socket.active) socket.connect();
  return pipe;
}
