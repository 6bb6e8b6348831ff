import { RealtimeError } from '@anywire/core/errors';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { channelRules } from './channel-rules.ts';

const tries = scale(5_000, 200_000);

describe('the rules of a channel', () => {
  it('are everything for every name, without definitions', () => {
    expect(channelRules(undefined)('any')).toEqual({
      history: true,
      kind: 'private',
      presence: true,
      retention: { size: 1_000, ttlMs: 86_400_000 },
    });
  });

  it('are those of the first pattern that the whole name fits', () => {
    const rules = channelRules({
      'a.b:{id}': { history: true },
      '{any}:{id}': { presence: {} },
    });
    expect(rules('a.b:1')).toMatchObject({ history: true, presence: false });
    expect(rules('axb:1')).toMatchObject({ history: false, presence: true });
    expect(() => rules('a.b:')).toThrow('no defined channel');
    expect(() => rules('')).toThrow('1 to 255 characters');
  });

  it('say how much is kept: of the channel, else of the server; without history 2 minutes', () => {
    const rules = channelRules(
      { own: { history: { size: 5 } }, common: { history: true }, none: {} },
      { ttlMs: 1_000 },
    );
    expect(rules('own').retention).toEqual({ size: 5, ttlMs: 1_000 });
    expect(rules('common').retention).toEqual({ size: 1_000, ttlMs: 1_000 });
    expect(rules('none').retention).toEqual({ size: 1_000, ttlMs: 120_000 });
  });

  it('are refused when nothing would be kept', () => {
    expect(() => channelRules(undefined, { size: 0 })).toThrow('1 message or more');
    expect(() => channelRules({ a: { history: { ttlMs: 0 } } })).toThrow('1 message or more');
  });
});

describe('a pattern', () => {
  it('of 9 parts refuses 255 colons at once, which no part of it can be told apart from', () => {
    const pattern = `${'{part}:'.repeat(9)}end`;
    const rules = channelRules({ [pattern]: {} });
    expect(() => rules(':'.repeat(255))).toThrow(RealtimeError);
    expect(rules(`${':'.repeat(252)}end`)).toMatchObject({ history: false });
  });

  it(`takes what an expression would take, in ${tries} random names`, () => {
    const random = randomFrom('patterns');
    const some = (of: readonly string[], most: number): string =>
      Array.from(
        { length: Math.floor(random() * most) },
        () => of[Math.floor(random() * of.length)],
      ).join('');
    for (let n = 0; n < tries; n++) {
      const pattern = some(['{a}', 'b', ':', '.', '😀'], 7);
      const name = some(['b', ':', '.', '😀'], 9) || ':';
      const rules = channelRules({ [pattern]: {} });
      const source = pattern.replaceAll('.', '[.]').replaceAll('{a}', '.+');
      const matches = new RegExp(`^(?:${source})$`, 'su').test(name);
      const what = `${pattern} ${name}`;
      if (matches) expect(() => rules(name), what).not.toThrow();
      else expect(() => rules(name), what).toThrow(RealtimeError);
    }
  });
});
