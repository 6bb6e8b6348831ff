import { RealtimeError } from '@anywire/core/errors';
import { expect, it } from 'vitest';
import { errorOf } from './refusals.ts';

it.each([
  [{ code: 40009, statusCode: 400 }, 'payload_too_large', 40009],
  [{ code: 40012, statusCode: 400 }, 'invalid', 40012],
  [{ code: 42910, statusCode: 429 }, 'rate_limited', 42910],
  [{ code: 40101, statusCode: 401 }, 'server_error', 40101],
  [{ code: 40160, statusCode: 401 }, 'server_error', 40160],
  [{ code: 40400, statusCode: 404 }, 'server_error', 40400],
  [{ code: 50003, statusCode: 500 }, 'server_error', 50003],
  // Of a proxy in between: a status, and no code, or one that is no number of Ably's.
  [{ statusCode: 503 }, 'server_error', 50300],
  [{ code: NaN, statusCode: 429 }, 'rate_limited', 42900],
  [{ code: 'ECONNREFUSED' }, 'server_error', undefined],
  [new TypeError('x'), 'server_error', undefined],
])('%j is told as %s', (thrown, code, vendorCode) => {
  expect(errorOf(thrown, 'secret')).toMatchObject({ code, vendorCode });
});

it('what Ably says is passed on without the 6 letters of a secret, and 1 error of ours as it is', () => {
  const error = errorOf({ code: 40101, message: 'the key app.key:s3cr3t is wrong' }, 's3cr3t');
  expect(error.message).toContain(
    'Ably does not take this key (40101): the key app.key:… is wrong',
  );
  expect(JSON.stringify([error, error.cause, error.stack])).not.toContain('s3cr3t');
  const ours = new RealtimeError('invalid', 'x');
  expect(errorOf(ours, 'secret')).toBe(ours);
});
