/**
 * Close codes. The hundred tells a client what to do, also for codes that it does not know yet:
 * 40xx come back after a backoff · 41xx come back at once · 42xx come back with a fresh token · 43xx and 44xx stay away.
 *
 * @see docs/protocol.md#close-codes
 */
import type { ErrorCode } from './error-codes.ts';

// prettier-ignore
export const closeCodes = {
  normal:            1000,
  too_large:         1009, // a transport message over the limit; made by the WebSocket layer
  shutdown:          4000, // the server goes away
  slow_consumer:     4001, // too many bytes wait for this client; it may resume
  silent:            4002, // no frame within two heartbeats
  overloaded:        4003, // too much for the server, or for one user
  rate_exceeded:     4004, // more frames than any honest client sends
  rebalance:         4100,
  token_expired:     4200,
  token_refused:     4201,
  no_connect:        4202, // no `connect` frame in time: the token may not have been at hand
  bad_frame:         4400, // not JSON, or not the shape of its type
  auth_denied:       4401, // this user may never connect
  unexpected_frame:  4402, // before `connect`, or `connect` twice
  forbidden_origin:  4403,
  unknown_type:      4404,
} as const;

export type CloseReason = keyof typeof closeCodes;

/** What a client does after `code`. */
export function retryAfterClose(code: number): 'backoff' | 'now' | 'fresh-token' | 'never' {
  const range = Math.floor(code / 100);
  if (range === 41) return 'now';
  if (range === 42) return 'fresh-token';
  return range === 43 || range === 44 ? 'never' : 'backoff';
}

/** The error code under which a client reports `code`. */
export function errorAfterClose(code: number): ErrorCode {
  // Numbers and not `closeCodes`: a client's bundle need not carry the whole table.
  if (code === 4200) return 'token_expired';
  if (code === 4401) return 'auth_denied';
  if (code === 4403) return 'forbidden';
  const retry = retryAfterClose(code);
  if (retry === 'fresh-token') return 'auth_failed';
  return retry === 'never' ? 'protocol_error' : 'connection_failed';
}
