/**
 * What to do about each error. An entry point of its own (`@anywire/core/fixes`), so that the texts cost nothing in a
 * bundle that does not import them.
 *
 * @see docs/errors.md, which a test holds equal to this table
 */
import type { ErrorCode } from './errors.ts';

/** The first thing to do, for each code. */
// prettier-ignore
export const fixes: Readonly<Record<ErrorCode, string>> = {
  connection_failed: 'Nothing: the client tries again by itself. If it never connects, check the URL, the server and proxies between.',
  suspended: 'Show that the app is offline. Call again when `connection.state` is `connected`.',
  timeout: 'Nothing was changed: call again. Its `cause` says why there was no connection; else raise `timeoutMs` or look at the server.',
  outbox_full: 'Publish less while offline, raise `outboxMessages` or `outboxBytes`, or mark what may be lost as `volatile`.',
  expired: 'It was never sent: offer the user to send it again, or raise `outboxAgeMs`.',
  auth_failed: 'Make `auth` answer a token that the server accepts; it is asked again with a growing delay.',
  token_expired: 'Nothing: `auth` is asked for a new one. Answer a token that lives longer if it happens often.',
  rate_limited: 'Publish less often, or raise the limit in the service.',
  server_error: 'Look into the server\'s log; the client tries again where that is safe.',
  storage_failed: 'What waits is in memory alone: free space, leave the private window, or use a secure origin; look at the `cause`.',
  aborted: 'Nothing: the app\'s own AbortSignal fired.',
  invalid: 'Mend the call: the message names the argument.',
  unsupported: 'This backend cannot do it, or the definition of the channel leaves it out: define it, use another backend, or look at `capabilities` before calling.',
  closed: 'Call `connection.connect()` before using a client that was closed.',
  detached: 'Listen to the channel, or call `attach()`, before waiting for it.',
  listener_failed: 'Mend the listener: its error is the `cause`.',
  overflow: 'Read the iterator faster, raise `buffer`, or use `overflow: \'drop-oldest\'`.',
  interceptor_failed: 'Mend the interceptor: its error is the `cause`.',
  decryption_failed: 'Give both ends the same keys, or `allowPlain` while some do not encrypt yet; if they have them, somebody between them has changed or moved the message.',
  incomplete: 'Refetch what the message was about. If it happens often, look for gaps, or raise the bounds of `chunking`.',
  outcome_unknown: 'It may have been delivered. Read the history, or let the user decide, before sending it again.',
  protocol_error: 'Use versions of client and server that belong together; look for a proxy that changes frames.',
  auth_denied: 'This user may not connect: sign in as another one, then call `connection.connect()`.',
  forbidden: 'Allow it in the server\'s `authorize`, or do not offer it to this user.',
  client_id_required: 'Make `authenticate` answer a `clientId`: presence needs to know who enters.',
  payload_too_large: 'Send less, send a link to it, or add `chunking` to the interceptors; the limit is in the message, and in `capabilities.maxPayloadBytes`.',
  limit_exceeded: 'Use fewer channels or members, or raise the server\'s `limits`.',
  history_expired: 'Start again without a cursor: the history that it points into is gone.',
};

/** `error` with its fix, for a log or a developer's console. */
export function withFix(error: { readonly code: ErrorCode; readonly message: string }): string {
  return `${error.message}\n  ${fixes[error.code]}`;
}
