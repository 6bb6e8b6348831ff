import { RealtimeError } from '@anywire/core/errors';
import { expect, it } from 'vitest';
import { toDrop, toError } from './refusals.ts';

it.each([
  [40000, 'invalid'],
  [40009, 'payload_too_large'],
  [40010, 'invalid'],
  [40012, 'client_id_required'],
  [40101, 'auth_denied'],
  [40142, 'token_expired'],
  [40160, 'forbidden'],
  [40171, 'auth_failed'],
  [40300, 'forbidden'],
  [40400, 'invalid'],
  [42911, 'rate_limited'],
  [50003, 'timeout'],
  [50000, 'server_error'],
  [80003, 'connection_failed'],
  [80019, 'auth_failed'],
  [90001, 'connection_failed'],
  [90007, 'timeout'],
  [91003, 'limit_exceeded'],
])('%d is %s', (code, wanted) => {
  expect(toError({ code, message: 'why' })).toMatchObject({ code: wanted, vendorCode: code });
});

it('why our own `auth` failed is told as it was', () => {
  const cause = new RealtimeError('auth_denied', 'not you');
  expect(toError({ code: 80019, cause })).toBe(cause);
});

it('what ended for good is never tried again, an old token only with a new one', () => {
  expect(toDrop({ code: 40101 }, true).retry).toBe('never');
  expect(toDrop({ code: 40142 }, false).retry).toBe('fresh-token');
  expect(toDrop(undefined, false)).toMatchObject({
    retry: 'backoff',
    error: { code: 'connection_failed' },
  });
});
