/**
 * The adapter: `anywire.v1` over Socket.IO. Mechanism only; the session is the protocol's, the policy core's.
 *
 * @see docs/protocol.md#socketio · socket-pipe.ts · docs/decisions/0016-socketio.md
 */
import type { Adapter } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';
import type { Dialect } from '@anywire/core/dialect';
import { errorCodes, RealtimeError } from '@anywire/core/errors';
import { declared, openSession } from '@anywire/protocol/client';
import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import { dialectWire } from './dialect-wire.ts';
import { openOwned } from './owned-pipe.ts';
import { openShared } from './shared-pipe.ts';
import type { IoFunction, SocketLike } from './socket-like.ts';

/** A socket of the adapter's own. */
export interface UrlOptions {
  /** Of the `socket.io` server; a path is a namespace, as for `io()`. A function answers it anew for each attempt. */
  readonly url: string | URL | (() => string | URL);
  /** In place of the path of `url`. @default the path, else '/' */
  readonly namespace?: string;
  /** `io` of `socket.io-client`. @default loaded by `import('socket.io-client')` when it first connects */
  readonly io?: IoFunction;
  /**
   * Options of `io()`: `transports`, `parser`, `path`, `auth`, `extraHeaders`, … Reconnecting is left to core, whatever they
   * say. @default {}
   */
  readonly options?: Partial<ManagerOptions & SocketOptions>;
}

/** A socket of the app's. */
export interface OwnSocketOptions {
  /** Stays the app's: it is never disconnected, and its own loop reconnects it. Must not have the option `retries`. */
  readonly socket: SocketLike;
}

/** Options of {@link socketio}. */
export type SocketIoOptions = (UrlOptions | OwnSocketOptions) & {
  /** How a server that knows nothing of us is spoken to: `defineDialect` of `@anywire/core/dialect`. @default `anywire.v1` */
  readonly dialect?: Dialect<'socketio'>;
};

const core = { errorCodes, RealtimeError, toBase64, fromBase64 };

/**
 * Socket.IO that carries `anywire.v1`, to a `socket.io` server with `server.attachSocketIO(io)`; or that speaks a dialect, to
 * any `socket.io` server.
 *
 * The token travels in the first frame, never in the query, where logs would keep it; with a dialect, as that says.
 *
 * @throws {RealtimeError} `invalid` for the dialect of another transport
 */
export function socketio(options: SocketIoOptions): Adapter {
  const { dialect } = options;
  if (dialect) return dialect.adapter('socketio', dialectWire(options));
  return {
    name: 'socketio',
    specVersion: 1,
    ...declared(false),
    open: (link, resume) =>
      openSession(
        core,
        link,
        (events) =>
          'socket' in options
            ? openShared(options.socket, events, link.clock)
            : openOwned(options, events, link.clock),
        resume,
      ),
  };
}
