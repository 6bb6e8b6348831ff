/**
 * A Socket.IO socket as the wire of a dialect: events with their arguments, both ways, and acknowledgements as replies.
 *
 * Nothing is emitted while the socket is not connected, and nothing that is too large: see socket-pipe.ts and fitting.ts for why.
 * A socket of the app's stays the app's.
 *
 * @see docs/existing-servers.md · dialect.test.ts
 */
import type { Clock, Drop } from '@anywire/core';
import type { OpenWire, Wire, WireEvents } from '@anywire/core/dialect';
import { type ErrorCode, RealtimeError } from '@anywire/core/errors';
import { withClientLibrary } from './client-library.ts';
import { engineOf, mostBytes } from './fitting.ts';
import { addressOf } from './owned-pipe.ts';
import { afterDisconnect, afterFailure } from './refusal.ts';
import { checkShared, turnedAway } from './shared-pipe.ts';
import type { IoFunction, SocketLike } from './socket-like.ts';
import type { SocketIoOptions, UrlOptions } from './socketio.ts';

const encoder = new TextEncoder();
/** What was emitted so short before the end may reach the server together with it. */
const togetherMs = 1_000;

const dropOf = (code: ErrorCode, reason: string, retry: Drop['retry']): Drop => ({
  error: new RealtimeError(code, reason),
  retry,
});

/** What a wire to this socket does, once it is there. */
function wireOf(
  socket: SocketLike,
  isOwned: boolean,
  events: WireEvents<'socketio'>,
  clock: Clock,
): Wire<'socketio'> {
  let isOver = false;
  let isOpen = false;
  /** When an event went out that nobody answers. */
  let writtenMs = -Infinity;
  const stop = (): void => {
    isOver = true;
    for (const [event, listener] of listeners) socket.off(event, listener);
    socket.offAny(heard);
    if (!isOwned) return;
    // A server drops the events that come in one read with a disconnect: then the connection alone is closed.
    if (clock.now() - writtenMs < togetherMs) engineOf(socket)?.close?.();
    socket.disconnect();
  };
  const opened = (): void => {
    if (isOver || isOpen || !socket.connected) return;
    isOpen = true;
    events.opened(socket.id);
  };
  const refused = (cause: unknown): void => {
    const { message, data } = cause as Error & { readonly data?: unknown };
    const isTurnedAway = !socket.active;
    if (!isTurnedAway && !isOwned) return; // the app's own loop goes on, and `connect` will come
    const isMissing = message === 'Invalid namespace';
    const { code, reason } = afterFailure(cause as Error);
    stop();
    if (!isTurnedAway)
      return events.closed(
        { reason },
        code === 1006 ? undefined : dropOf('forbidden', reason, 'never'),
      );
    if (!isOwned) turnedAway.add(socket);
    // Socket.IO never tries again what a middleware has refused; what it refuses is who the client is.
    const drop = isMissing ? undefined : dropOf('auth_failed', message, 'fresh-token');
    events.closed({ reason: message, detail: data }, drop);
  };
  const disconnected = (why: unknown, details?: unknown): void => {
    const isTurnedAway = why === 'io server disconnect';
    if (isTurnedAway && !isOwned) turnedAway.add(socket);
    const { reason } = afterDisconnect(why as string, details);
    stop();
    events.closed(
      { reason },
      isTurnedAway ? dropOf('auth_failed', reason, 'fresh-token') : undefined,
    );
  };
  const heard = (event: string, ...args: unknown[]): void => {
    if (isOpen && !isOver) events.received([event, ...args]);
  };
  const listeners: readonly (readonly [string, (...args: unknown[]) => void])[] = [
    ['connect', opened],
    ['connect_error', refused],
    ['disconnect', disconnected],
  ];
  for (const [event, listener] of listeners) socket.on(event, listener);
  socket.onAny(heard);
  // Not before this function has returned.
  queueMicrotask(opened);

  return {
    native: socket,
    send([event, ...args], wantsReply) {
      const max = mostBytes(socket);
      const bytes = encoder.encode(JSON.stringify([event, ...args])).length + 256;
      if (bytes > max)
        throw new RealtimeError(
          'payload_too_large',
          `'${event}' has more than the ${max} bytes that Socket.IO lets through`,
        );
      if (isOver || !socket.connected)
        throw new RealtimeError('connection_failed', 'the socket is not connected');
      const { sendBuffer } = socket;
      const { length } = sendBuffer;
      let reply: Promise<unknown> | undefined;
      if (wantsReply)
        reply = new Promise((resolve) => {
          socket.emit(event, ...args, (...answer: unknown[]) => resolve(answer));
        });
      else {
        socket.emit(event, ...args);
        writtenMs = clock.now();
      }
      // A socket that has just found its connection dead keeps what is emitted.
      if (sendBuffer.length > length) sendBuffer.length = length;
      return reply;
    },
    close: () => {
      if (!isOver) stop();
    },
  };
}

/** @throws {RealtimeError} of what opens it: `invalid` for a socket with the option `retries` */
export const dialectWire =
  (options: SocketIoOptions): OpenWire<'socketio'> =>
  (events, { auth, token, address, clock }) => {
    if ('socket' in options) {
      const { socket } = options;
      checkShared(socket);
      const wire = wireOf(socket, false, events, clock);
      if (turnedAway.delete(socket) && !socket.active) socket.connect();
      return wire;
    }
    return ownWire(options, events, auth ?? (token && { token }), address, clock);
  };

/** A socket of our own, made for one attempt as soon as there is a client library. */
function ownWire(
  options: UrlOptions,
  events: WireEvents<'socketio'>,
  auth: object | '' | undefined,
  address: (url: string | URL) => string,
  clock: Clock,
): Wire<'socketio'> {
  let wire: Wire<'socketio'> | undefined;
  let isClosed = false;
  const begin = (io: IoFunction): void => {
    if (isClosed) return;
    const socket = io(address(addressOf(options)), {
      ...options.options,
      ...(auth && { auth }),
      ...{ forceNew: true, reconnection: false, autoConnect: false, retries: 0 },
    });
    wire = wireOf(socket, true, events, clock);
    socket.connect();
  };
  withClientLibrary(options.io, begin, (reason) => {
    if (!isClosed) events.closed({ reason }, dropOf('unsupported', reason, 'never'));
  });
  return {
    get native() {
      return wire?.native;
    },
    send(...frame) {
      return wire?.send(...frame);
    },
    close() {
      isClosed = true;
      wire?.close();
    },
  };
}
