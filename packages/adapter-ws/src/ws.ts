/**
 * The adapter: `anywire.v1` over a WebSocket. Mechanism only; the session is the protocol's, the policy core's.
 *
 * @see docs/protocol.md · ws.test.ts
 */
import type { Adapter } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';
import { errorCodes, RealtimeError } from '@anywire/core/errors';
import { declared, openSession, type BinaryCodec } from '@anywire/protocol/client';
import { openSocket, type WebSocketClass } from './socket.ts';

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
}

const core = { errorCodes, RealtimeError, toBase64, fromBase64 };

/**
 * A raw WebSocket that speaks `anywire.v1`.
 *
 * The token travels in the first frame, never in the URL, where logs would keep it.
 */
export function ws(options: WsOptions): Adapter {
  return {
    name: 'ws',
    specVersion: 1,
    ...declared(options.codec !== undefined),
    open: (link, resume) =>
      openSession(core, link, (events) => openSocket(options, events), resume),
  };
}
