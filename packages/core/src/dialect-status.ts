/** What an HTTP status means: of a stream that did not open, and of a request beside it. */
import type { Clock } from './clock.ts';
import type { Drop } from './contract.ts';
import { stated } from './dialect-calls.ts';
import { type ErrorCode, RealtimeError } from './errors.ts';

/** The same for both. What is not here: the connection broke, or it is not known what became of the request. */
const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid',
  401: 'auth_failed',
  403: 'forbidden',
  404: 'unsupported',
  405: 'unsupported',
  413: 'payload_too_large',
  422: 'invalid',
  429: 'rate_limited',
  503: 'server_error',
};

/** Why a stream did not open. A server answers 204 to those who shall stay away. */
export function dropOf(response: Response, reason: string, clock: Clock): Drop {
  const { status } = response;
  const stays: ErrorCode | undefined = status === 204 ? 'protocol_error' : undefined;
  const known = status === 401 || status === 403 || status === 429 ? codes[status] : undefined;
  return {
    error: new RealtimeError(stays ?? known ?? 'connection_failed', reason, { vendorCode: status }),
    retry: status === 401 ? 'fresh-token' : status === 403 || stays ? 'never' : 'backoff',
    ...stated({ retryAfterMs: delayOf(response, clock) }),
  };
}

/** What is refused; undefined where the server said yes. */
export function refusalOf(
  response: Response,
  what: string,
  reply: unknown,
  clock: Clock,
): Drop | undefined {
  const { status, ok } = response;
  if (ok) return undefined;
  const { error: said, message = said } = Object(reply) as { error?: unknown; message?: unknown };
  const text = `${what} was answered ${status}${typeof message === 'string' ? `: ${message}` : ''}`;
  const error = new RealtimeError(codes[status] ?? 'timeout', text, { vendorCode: status });
  return {
    error,
    retry: status === 401 ? 'fresh-token' : 'backoff',
    ...stated({ retryAfterMs: delayOf(response, clock) }),
  };
}

/** ms from `Retry-After`, which is seconds or a date. */
function delayOf({ headers }: Response, clock: Clock): number | undefined {
  const text = headers.get('retry-after');
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - clock.now();
  return ms > 0 ? ms : undefined;
}
