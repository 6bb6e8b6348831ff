/** What Ably's codes mean to who publishes through the backend. @see https://ably.com/docs/platform/errors/codes */
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';

/** By the beginning of a code; the first row that fits counts. */
const meanings: readonly (readonly [beginning: RegExp, code: ErrorCode])[] = [
  [/^40009/, 'payload_too_large'],
  [/^429/, 'rate_limited'],
  // The key is wrong, or may too little: what the client sends is right.
  [/^40(1|3|4)/, 'server_error'],
  [/^40/, 'invalid'],
];

interface Refused {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
}

/** What the service answered, or that it did not. The secret of the key is in no message. */
export function errorOf(thrown: unknown, secret: string): RealtimeError {
  if (RealtimeError.is(thrown)) return thrown;
  const { code, statusCode, message } = Object(thrown) as Refused;
  const status = typeof statusCode === 'number' ? statusCode : undefined;
  // Of a proxy in between, there is a status alone.
  const number = typeof code === 'number' && code >= 10_000 ? code : (status ?? 0) * 100;
  const text = String(message).replaceAll(secret, '…');
  if (number === 0) return new RealtimeError('server_error', `Ably did not answer: ${text}`);
  const isKey = /^401/.test(String(number)) && number < 40160;
  const says = `Ably ${isKey ? 'does not take this key' : 'refused it'} (${number}): ${text}`;
  const [, meaning] = meanings.find(([beginning]) => beginning.test(String(number))) ?? [];
  return new RealtimeError(meaning ?? 'server_error', says, { vendorCode: number });
}
