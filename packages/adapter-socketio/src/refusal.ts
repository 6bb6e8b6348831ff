/**
 * What a refused handshake, a failed connection or a disconnect of Socket.IO is as a close code: Socket.IO has none.
 *
 * @see docs/protocol.md#socketio · https://socket.io/docs/v4/client-socket-instance/#disconnect
 */
import type { PipeEvents } from '@anywire/protocol/client';

/** How a pipe ended. */
export type Ended = Parameters<PipeEvents['closed']>[0];

const broken = 1006;
/** Codes below are of WebSocket, or of the app: an `err.data.code` of 401 is not ours. */
const firstCode = 4_000;

/** What a disconnect means that is more than a broken connection. @see the table in README.md */
const reasons = new Map<string, readonly [code: number, text: string]>([
  // Socket.IO does not come back by itself: the server meant this client, as when it has refused its token.
  ['io server disconnect', [4201, 'the server has disconnected this socket']],
  ['io client disconnect', [broken, 'the app has disconnected this socket']],
  ['ping timeout', [broken, 'nothing was heard of the server']],
  ['parse error', [broken, 'unreadable; do both ends use the same parser?']],
]);

/** What Socket.IO tells with a `disconnect`. */
export function afterDisconnect(reason: string, details?: unknown): Ended {
  const [code, text] = reasons.get(reason) ?? [broken, reason];
  return { code, reason: text + detail(details) };
}

/** `connect_error` of a middleware of the server, which Socket.IO never tries again. */
export function afterRefusal(error: Error): Ended {
  const { message } = error;
  if (message === 'Invalid namespace')
    return { code: broken, reason: 'no such namespace; is attachSocketIO called with it?' };
  const { code, retryAfterMs } = ((error as { data?: unknown }).data ?? {}) as {
    readonly code?: unknown;
    readonly retryAfterMs?: number;
  };
  // A middleware of the app's own knows no codes of ours; what it refuses is who the client is.
  return {
    code: typeof code === 'number' && code >= firstCode ? code : 4201,
    reason: message,
    retryAfterMs,
  };
}

/** `connect_error` because there is no connection: the server is away, or takes none from here. */
export function afterFailure(error: Error): Ended {
  const isForbidden = (error as { description?: unknown }).description === 403;
  return isForbidden
    ? { code: 4403, reason: 'not allowed; does the server list the origin of this page?' }
    : { code: broken, reason: error.message + detail(error) };
}

function detail(about: unknown): string {
  const { description } = (about ?? {}) as { readonly description?: unknown };
  const says =
    typeof description === 'object'
      ? (description as { readonly message?: unknown } | null)?.message
      : description;
  return says === undefined || says === '' ? '' : ` (${String(says)})`;
}
