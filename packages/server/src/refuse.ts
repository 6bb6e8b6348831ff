/**
 * The answer to a frame that is not done: an error with its code, and the end of the connection where there is none without it.
 *
 * @see docs/protocol.md#violations · dispatch.ts
 */
import { errorCodes, RealtimeError } from '@anywire/core/errors';
import type { CloseReason } from '@anywire/protocol';
import type { Connection } from './connection.ts';
import { errorText } from './error-text.ts';
import { frameOf } from './frame.ts';
import type { Hub } from './hub.ts';
import { retryAfter } from './limited.ts';
import { count } from './meter.ts';

/** A connection whose `connect` was refused ends. */
// prettier-ignore
const refusedConnect: ReadonlyMap<string, CloseReason> = new Map([
  ['auth_failed',   'token_refused'],
  ['token_expired', 'token_expired'],
  ['auth_denied',   'auth_denied'],
  ['forbidden',     'auth_denied'], // the nonce of somebody else
] as const);

/** What a hook throws may be of a copy of core that has other codes; a counter has those of the catalogue. */
const catalogue: ReadonlySet<string> = new Set(errorCodes);

/** Tells a client why a frame was not done. A connection whose `connect` was refused ends. */
export function refuse(
  hub: Hub,
  connection: Connection,
  frame: { readonly t?: string; readonly r?: number | undefined; readonly c?: string },
  thrown: unknown,
): void {
  if (!RealtimeError.is(thrown)) hub.parts.log('error', 'a frame failed', { error: thrown });
  const error = RealtimeError.is(thrown)
    ? thrown
    : new RealtimeError('server_error', 'the server could not do this');
  const { code } = error;
  count(hub.parts.meter.refusals, catalogue.has(code) ? code : 'server_error');
  const message = errorText(error);
  const { t, r, c } = frame;
  if (r === undefined) {
    // Nobody waits for the answer to a volatile publish.
    hub.parts.log('debug', 'refused', { code, message, connection: connection.id });
    return;
  }
  const later = retryAfter(error);
  const about = c === undefined ? {} : { c };
  connection.send(frameOf({ t: 'error', r, ...about, code, message, ...later }));
  if (t === 'connect')
    hub.end(connection, refusedConnect.get(code) ?? 'overloaded', message, later);
  else if (t === 'token' && code === 'auth_denied') hub.end(connection, 'auth_denied', message);
}
