import { describe, expect, it } from 'vitest';
import { Refusal } from './http-request.ts';
import { serverKeys } from './server-keys.ts';

function statusOf(check: () => void): number {
  try {
    check();
    return 200;
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    throw error;
  }
}

describe('server keys', () => {
  it('takes each of 3 keys, and no fourth one', () => {
    const check = serverKeys(['one', 'two', 'three']);
    const status = (key: string): number => statusOf(() => check(`Bearer ${key}`));
    expect(['one', 'two', 'three', 'four', 'on', 'one,two'].map(status)).toEqual([
      200, 200, 200, 403, 403, 403,
    ]);
  });

  it.each([
    ['nothing', undefined, 401],
    ['an empty text', '', 401],
    ['the key alone', 'one', 401],
    ['another scheme', 'Basic one', 401],
    ['the scheme alone', 'Bearer ', 401],
    ['two keys', 'Bearer one two', 401],
    ['the scheme in small letters', 'bearer one', 200],
    ['spaces around it', 'Bearer   one ', 200],
  ])('answers %s', (_, authorization, status) => {
    const check = serverKeys('one');
    expect(statusOf(() => check(authorization))).toBe(status);
  });

  it.each([undefined, []])('is closed to everybody with %j', (given) => {
    expect(statusOf(() => serverKeys(given)('Bearer one'))).toBe(403);
    expect(statusOf(() => serverKeys(given)(undefined))).toBe(403);
  });

  it.each(['', ' ', 'two words', 'ends in a line feed\n', 'schlüssel', ['good', '']])(
    'refuses to begin with %j, which no request could carry',
    (given) => {
      expect(() => serverKeys(given)).toThrow(expect.objectContaining({ code: 'invalid' }));
    },
  );
});
