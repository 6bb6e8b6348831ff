import { describe, expect, it } from 'vitest';
import { complaintOf, dropOf, errorOf } from './refusals.ts';

const plain = { type: 'PusherError', data: { code: 4100, message: 'Over capacity' } };

describe('what pusher-js tells of an error', () => {
  it.each([
    ['as the service said it', plain],
    ['wrapped once more', { type: 'WebSocketError', error: plain }],
  ])('%s is read', (_, heard) => {
    expect(complaintOf(heard)).toEqual({
      ...{ code: 4100, message: 'Over capacity', isServices: true },
    });
  });

  it.each([[undefined], [null], ['text'], [{}], [{ error: null }], [{ data: { code: null } }]])(
    'that is %j has no code and no text',
    (heard) => {
      expect(complaintOf(heard)).toMatchObject({ code: undefined, message: '' });
    },
  );
});

it.each([
  [undefined, 'connection_failed', 'backoff'],
  [1006, 'connection_failed', 'backoff'],
  [4000, 'invalid', 'never'],
  [4001, 'invalid', 'never'],
  [4009, 'auth_denied', 'never'],
  [4099, 'invalid', 'never'],
  [4100, 'server_error', 'backoff'],
  [4199, 'server_error', 'backoff'],
  [4200, 'connection_failed', 'now'],
  [4299, 'connection_failed', 'now'],
])('the close code %s is %s, retried: %s', (code, expected, retry) => {
  expect(dropOf(code === undefined ? {} : { code })).toMatchObject({
    error: { code: expected },
    retry,
  });
});

it.each([
  ['Invalid signature: Expected HMAC SHA256 hex digest of 1.2:private-a, but got x', 'auth_failed'],
  ["Invalid key in subscription auth data: 'x'", 'auth_failed'],
  ['Existing subscription to channel private-a', 'server_error'],
  ['Cannot broadcast client event (connection not subscribed to channel private-a)', 'forbidden'],
  ['To send client events, you must enable this feature in the Settings page', 'forbidden'],
  ['Watchlist limit exceeded', 'limit_exceeded'],
  ['something else', 'server_error'],
])('the text %s is %s', (message, code) => {
  expect(errorOf({ code: undefined, message, isServices: true })).toMatchObject({ code });
});

it('4301 is `rate_limited`, whatever its text', () => {
  const error = errorOf({ code: 4301, message: 'Client event limit', isServices: true });
  expect(error).toMatchObject({ code: 'rate_limited', vendorCode: 4301 });
});
