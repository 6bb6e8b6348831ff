/** What Ably's codes mean. @see https://ably.com/docs/platform/errors/codes */
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';
import type { Drop } from '@anywire/core';
import type { AblyErrorLike } from './ably-like.ts';

/** By the beginning of a code; the first row that fits counts. */
const meanings: readonly (readonly [beginning: RegExp, code: ErrorCode])[] = [
  [/^40009/, 'payload_too_large'],
  [/^4014/, 'token_expired'],
  [/^(4016|403)/, 'forbidden'],
  [/^(4017|80019)/, 'auth_failed'],
  [/^401/, 'auth_denied'],
  [/^(40012|91000)/, 'client_id_required'],
  [/^40/, 'invalid'],
  [/^429/, 'rate_limited'],
  [/^91003/, 'limit_exceeded'],
  [/^(80|90001)/, 'connection_failed'],
  [/^(50003|90007)/, 'timeout'],
];

/** What the vendor's client has thrown, or reported. */
export function toError(
  { code = 0, message = 'the connection broke', cause }: AblyErrorLike = {},
  otherwise: ErrorCode = 'server_error',
): RealtimeError {
  // Why our own `auth` failed stands inside.
  if (RealtimeError.is(cause)) return cause;
  const found = meanings.find(([beginning]) => beginning.test(String(code)))?.[1];
  return new RealtimeError(found ?? otherwise, message, code === 0 ? {} : { vendorCode: code });
}

/** What may be done about a connection that is not there. */
export function toDrop(reason: AblyErrorLike | undefined, isOver: boolean): Drop {
  const error = toError(reason, 'connection_failed');
  const isToken = error.code === 'token_expired';
  return { error, retry: isOver ? 'never' : isToken ? 'fresh-token' : 'backoff' };
}
