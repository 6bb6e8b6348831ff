/**
 * The adapter: `anywire.v1` over a WebSocket. Mechanism only; the session is the protocol's, the policy core's.
 *
 * @see docs/protocol.md · ws.test.ts
 */
import type { Adapter, Link } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';
import { errorCodes, RealtimeError, type ErrorCode } from '@anywire/core/errors';
import { createSession, type BinaryCodec } from '@anywire/protocol/client';
import { capabilitiesOf, narrowed } from './capabilities.ts';
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

/**
 * A raw WebSocket that speaks `anywire.v1`.
 *
 * The token travels in the first frame, never in the URL, where logs would keep it.
 */
export function ws(options: WsOptions): Adapter {
  const capabilities = capabilitiesOf(options.codec !== undefined);
  return {
    name: 'ws',
    specVersion: 1,
    capabilities,
    capabilitiesFor: (spec) => narrowed(capabilities, spec),
    open(link: Link, resume?: unknown) {
      let native: unknown;
      const session = createSession(
        link,
        (events) => {
          const { socket, pipe } = openSocket(options, events);
          native = socket;
          return pipe;
        },
        { error: toError, resume, base64: { toBase64, fromBase64 } },
      );
      return { ...session, native };
    },
  };
}

/** Codes of newer servers are errors of the server's to an older client. */
function toError(
  code: string,
  message: string,
  options?: { cause?: unknown; vendorCode?: number },
): RealtimeError {
  const known = (errorCodes as readonly string[]).includes(code);
  return new RealtimeError(known ? (code as ErrorCode) : 'server_error', message, options);
}
