import { expect, it } from 'vitest';
import { redact } from './redact.ts';

const claims = '{"sub":"ann","secret":"SESAME-OPEN"}';
const jwt = ['{"alg":"none"}', claims, 'sign']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

it.each<[string, string, string | undefined, string]>([
  ['a whole token', 'cannot read wrong-token!', 'wrong-token', 'cannot read …!'],
  ['a short one, where it stands whole', 'cannot read abc', 'abc', 'cannot read …'],
  ['the first 8 characters of one', `bad "${jwt.slice(0, 8)}"...`, jwt, 'bad "…"...'],
  ['what a part of one says', `Unexpected token in ${claims.slice(0, 30)}`, jwt, 'Unexpected token in …'],
  ['nothing of a text without one', 'the database is away', jwt, 'the database is away'],
  ['nothing without a token', 'no token', undefined, 'no token'],
])('takes out %s', (_, text, secret, expected) => {
  expect(redact(text, [secret])).toBe(expected);
}); // prettier-ignore

it('shows at most 300 characters', () => {
  expect(redact('x'.repeat(5_000), [jwt])).toHaveLength(300);
});
