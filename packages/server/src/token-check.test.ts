import { describe, expect, it } from 'vitest';
import { TokenCheck, tokenIn } from './token-check.ts';

describe('a session', () => {
  it('takes the token of its connect, and the latest that was renewed, and no other', () => {
    const tokens = new TokenCheck('first');
    expect(tokens.check('first', undefined)).toBe('accepted');
    for (const token of [undefined, '', 'firs', 'first ', 'FIRST', 'second'])
      expect(tokens.check(token, undefined)).toBe('refused');
    tokens.accept('second');
    tokens.accept('third');
    expect(['first', 'second', 'third'].map((token) => tokens.check(token, undefined))).toEqual([
      'accepted',
      'refused',
      'accepted',
    ]);
  });

  it('has to ask about a token that a frame offers: of this request, or of the last one', () => {
    const tokens = new TokenCheck('first');
    expect(tokens.check('second', 'second')).toBe('offered');
    expect(tokens.check('second', 'third')).toBe('refused');
    expect(tokens.check('second', undefined)).toBe('refused');
    tokens.offer('second');
    expect(tokens.check('second', undefined)).toBe('offered');
    tokens.offer('third');
    expect(tokens.check('second', undefined)).toBe('refused');
  });

  it('without a token is spoken for without one, and with no other', () => {
    const tokens = new TokenCheck(undefined);
    expect(tokens.check(undefined, undefined)).toBe('accepted');
    expect(tokens.check('any', undefined)).toBe('refused');
  });
});

it.each<[string, string | undefined]>([
  ['{"t":"token","r":1,"token":"a"}', 'a'],
  ['{"t":"ping"}\n{"token":"a","r":1,"t":"token"}\n{"t":"token","r":2,"token":"b"}', 'a'],
  ['{"t":"connect","token":"a"}', undefined],
  ['{"t":"publish","d":{"t":"token","token":"a"}}', undefined],
  ['{"t":"token","token":1}', undefined],
  ['"token"', undefined],
  ['null "token"', undefined],
  ['{"t":"token","token":"a"', undefined],
  ['', undefined],
])('the token frame of %s has the token %s', (frames, token) => {
  expect(tokenIn(frames, 'token')).toBe(token);
});
