import { expect, it } from 'vitest';
import { closeCodes, errorAfterClose, retryAfterClose } from './close-codes.ts';

it.each([
  [1000, 'backoff', 'connection_failed'],
  [1006, 'backoff', 'connection_failed'],
  [4000, 'backoff', 'connection_failed'],
  [4003, 'backoff', 'connection_failed'],
  [4004, 'backoff', 'connection_failed'],
  [4099, 'backoff', 'connection_failed'],
  [4100, 'now', 'connection_failed'],
  [4199, 'now', 'connection_failed'],
  [4200, 'fresh-token', 'token_expired'],
  [4299, 'fresh-token', 'auth_failed'],
  [4300, 'never', 'protocol_error'],
  [4401, 'never', 'auth_denied'],
  [4403, 'never', 'forbidden'],
  [4499, 'never', 'protocol_error'],
  [4500, 'backoff', 'connection_failed'],
])('after %i a client comes back "%s" and reports %s', (code, retry, error) => {
  expect([retryAfterClose(code), errorAfterClose(code)]).toEqual([retry, error]);
});

it('gives every reason a code of its own', () => {
  expect(new Set(Object.values(closeCodes)).size).toBe(Object.keys(closeCodes).length);
});

it('reports the codes that have an error of their own by it', () => {
  const { token_expired, auth_denied, forbidden_origin } = closeCodes;
  expect([token_expired, auth_denied, forbidden_origin].map(errorAfterClose)).toEqual([
    'token_expired',
    'auth_denied',
    'forbidden',
  ]);
});
