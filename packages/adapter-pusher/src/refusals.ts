/**
 * What Pusher's codes and texts mean.
 *
 * @see https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes
 */
import type { Drop } from '@anywire/core';
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';

/** An `error` event of a connection. pusher-js wraps most of them once more, and tells some of them twice. */
export interface Complaint {
  readonly code: number | undefined;
  readonly message: string;
  /** The service said it; else a socket did. */
  readonly isServices: boolean;
}

export function complaintOf(heard: unknown): Complaint {
  const { error = heard } = Object(heard) as { error?: unknown };
  const { data = error, type } = Object(error) as { data?: unknown; type?: unknown };
  const { code, message = '' } = Object(data) as { code?: number | null; message?: string };
  return { code: code ?? undefined, message: String(message), isServices: type === 'PusherError' };
}

/** What may be done about a connection that ended. */
export function dropOf({ code = 0, message = '' }: Partial<Complaint> = {}): Drop {
  const why = message || (code ? `closed with ${code}` : 'the connection broke');
  const drop = (error: ErrorCode, retry: Drop['retry']): Drop => ({
    error: new RealtimeError(error, why, { vendorCode: code }),
    retry,
  });
  if (code === 4009) return drop('auth_denied', 'never');
  if (code >= 4000 && code < 4100) return drop('invalid', 'never');
  if (code >= 4200 && code < 4300) return drop('connection_failed', 'now');
  return drop(code >= 4100 && code < 4200 ? 'server_error' : 'connection_failed', 'backoff');
}

/** By the beginning of a text, for most errors have no code. */
const texts: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^Invalid (signature|key)/, 'auth_failed'],
  [/limit|exceed/i, 'limit_exceeded'],
  [/^Existing subscription/, 'server_error'],
  [/^Invalid channel/, 'invalid'],
  [/client event|enable this feature/i, 'forbidden'],
];

/** An error that ended nothing. */
export function errorOf({ code, message }: Complaint): RealtimeError {
  const found = texts.find(([text]) => text.test(message))?.[1] ?? 'server_error';
  const known: ErrorCode = code === 4301 ? 'rate_limited' : found;
  return new RealtimeError(known, message, code === undefined ? {} : { vendorCode: code });
}
