/**
 * A pipe with a socket of its own, made for one attempt: core reconnects, so Socket.IO does not.
 *
 * @see socket-pipe.ts · socketio.test.ts
 */
import type { Clock } from '@anywire/core';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import { withClientLibrary } from './client-library.ts';
import { anywireEvent, socketPipe } from './socket-pipe.ts';
import type { IoFunction } from './socket-like.ts';
import type { UrlOptions } from './socketio.ts';

/** Where trying again cannot help. */
const missing = 4400;

type Auth = ((answer: (data: object) => void) => void) | object | undefined;

/** Opens a socket, as soon as there is a client library. */
export function openOwned(options: UrlOptions, events: PipeEvents, clock: Clock): Pipe {
  let pipe: Pipe | undefined;
  let isClosed = false;
  const begin = (io: IoFunction): void => {
    if (isClosed) return;
    const socket = io(addressOf(options), {
      ...options.options,
      auth: marked(options.options?.auth),
      // A socket of the same address may be the app's; a pipe ends with its connection.
      ...{ forceNew: true, reconnection: false, autoConnect: false, retries: 0 },
    });
    pipe = socketPipe(socket, { isOwned: true, clock }, events);
    socket.connect();
  };
  withClientLibrary(options.io, begin, (reason) => {
    if (!isClosed) events.closed({ code: missing, reason });
  });
  return {
    get native() {
      return pipe?.native;
    },
    send: (message) => pipe?.send(message),
    close(code, reason) {
      if (isClosed) return;
      isClosed = true;
      if (pipe) pipe.close(code, reason);
      else events.closed({ code, reason });
    },
  };
}

/** Where a socket of our own goes to. */
export function addressOf({ url, namespace }: UrlOptions): string {
  const given = String(typeof url === 'function' ? url() : url);
  if (namespace === undefined) return given;
  // In a page it may be relative, as for `io()`.
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const address = new URL(given, base);
  address.pathname = namespace;
  return address.href;
}

/** The app's own `auth`, and that this socket is nobody else's. */
function marked(auth: Auth): Auth {
  const mark = (data: object | undefined): object => ({ ...data, [anywireEvent]: 'anywire.v1' });
  return typeof auth === 'function'
    ? (answer) => (auth as (answer: (data: object) => void) => void)((data) => answer(mark(data)))
    : mark(auth);
}
