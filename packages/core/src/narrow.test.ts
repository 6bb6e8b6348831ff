import { describe, expect, it } from 'vitest';
import { capabilitiesWith } from '@anywire/testkit/fake';
import type { Limits } from './capabilities.ts';
import { narrowing } from './narrow.ts';

const declared = capabilitiesWith({
  resume: { support: 'emulated' },
  limits: { publish: [{ max: 50, perMs: 1_000, scope: 'connection' }] },
});
const narrowed = (...stated: (Limits | undefined)[]): typeof declared =>
  narrowing(declared)(...stated);

describe('narrowing', () => {
  it('is the declared object itself while nothing is stated', () => {
    expect(narrowed(undefined, undefined)).toBe(declared);
    expect(narrowed({})).toEqual(declared);
  });

  it.each<[string, Limits, object]>([
    ['a smaller number', { maxPayloadBytes: 10 }, { maxPayloadBytes: 10 }],
    ['a larger number', { maxPayloadBytes: 1e9 }, { maxPayloadBytes: 65_536 }],
    ['a lower ack', { ack: 'written' }, { ack: 'written' }],
    ['a higher support', { resume: { support: 'native' } }, { resume: { support: 'emulated' } }],
    [
      'a feature less',
      { history: { support: 'none' } },
      { history: { support: 'none', limit: 100 } },
    ],
    ['no watching', { presence: { watchOnly: false } }, { presence: { watchOnly: false } }],
    ['bytes as text', { binary: 'emulated' }, { binary: 'emulated' }],
  ])('of %s keeps the lesser, and what was not stated', (_, stated, expected) => {
    const value = narrowed(stated);
    expect(value).toMatchObject(expected);
    expect(value.publish).toEqual(declared.publish);
  });

  it('adds rates: the declared one and 2 stated ones hold', () => {
    const own = { max: 5, perMs: 30_000, scope: 'channel' } as const;
    const value = narrowed({ limits: { publish: [own] } }, { limits: { presence: [own] } });
    expect(value.limits).toEqual({
      publish: [{ max: 50, perMs: 1_000, scope: 'connection' }, own],
      presence: [own],
    });
  });

  it('of 2 that state a number takes the least, and forgets the one that is taken back', () => {
    const narrow = narrowing(declared);
    const [first, second] = [{ maxPayloadBytes: 20 }, { maxPayloadBytes: 10 }];
    expect(narrow(first, second).maxPayloadBytes).toBe(10);
    expect(narrow(first, second)).toBe(narrow(first, second));
    expect(narrow(first, undefined).maxPayloadBytes).toBe(20);
    expect(narrow(undefined, undefined)).toEqual(declared);
  });
});
