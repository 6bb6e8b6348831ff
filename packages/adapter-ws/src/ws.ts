/**
 * The adapter: `anywire.v1` over a WebSocket. Mechanism only; the session is the protocol's, the policy core's.
 *
 * @see docs/protocol.md · ws.test.ts
 */
import type { Adapter } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';
import type { Dialect } from '@anywire/core/dialect';
import { errorCodes, RealtimeError } from '@anywire/core/errors';
import { declared, openSession, subprotocol, type BinaryCodec } from '@anywire/protocol/client';
import { socketOpener, type WebSocketClass } from './socket.ts';

/** Options of {@link ws}. */
export interface WsOptions {
  /** `wss://…` of the server's endpoint, or a function that answers it anew for each attempt. */
  readonly url: string | URL | (() => string | URL);
  /** @default the global `WebSocket`: browsers, Node from 22, Bun, Deno */
  readonly WebSocket?: WebSocketClass;
  /** Offered to the server before JSON: `messagePack()` of `@anywire/adapter-ws/messagepack`. @default JSON alone */
  readonly codec?: BinaryCodec;
  /** Further subprotocols, offered after `anywire.v1`. @default [] */
  readonly protocols?: readonly string[];
  /** How a server that knows nothing of us is spoken to: `defineDialect` of `@anywire/core/dialect`. @default `anywire.v1` */
  readonly dialect?: Dialect<'ws'>;
}

const core = { errorCodes, RealtimeError, toBase64, fromBase64 };

/**
 * A raw WebSocket that speaks `anywire.v1`, or a dialect.
 *
 * The token travels in the first frame, never in the URL, where logs would keep it; with a dialect, as that says.
 *
 * @throws {RealtimeError} `invalid` for the dialect of another transport
 */
export function ws(options: WsOptions): Adapter {
  const { codec, dialect } = options;
  const open = socketOpener(options);
  if (dialect) return dialect.adapter('ws', open);
  const offers = codec ? [codec.subprotocol, subprotocol] : [subprotocol];
  return {
    name: 'ws',
    specVersion: 1,
    ...declared(!!codec),
    open: (link, resume) =>
      openSession(core, link, (events) => open(events, offers, String), resume),
  };
}
