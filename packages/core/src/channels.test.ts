import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { channelResolver, defineChannels, event, presence } from './channels.ts';

const channels = defineChannels({
  'room:{id}': {
    events: { message: event<string>() },
    presence: presence<{ name: string }>(),
    history: true,
  },
  'room:lobby': { events: {}, kind: 'public' },
  'team:{team}:user:{user}': { events: {}, kind: 'encrypted' },
  'a.b*c{x}': { events: {} },
  news: { events: {} },
});
const resolve = channelResolver(channels);

describe('channel names', () => {
  const open = channelResolver(undefined);

  it.each<[string, unknown]>([
    ['an empty text', ''],
    ['a number', 7],
    ['undefined', undefined],
    ['256 characters', 'x'.repeat(256)],
    ['a line break', 'a\nb'],
    ['a zero byte', 'a\0'],
    ['DEL', 'a\u007f'],
    ['a lone surrogate', 'a\ud83d'],
  ])('cannot be %s', (_, name) => expect(() => open(name as string)).toThrow('[anywire:invalid]'));

  it.each([['room:1'], ['x'.repeat(255)], ['ä ö/😀'], ['__proto__'], [' ']])('can be %j', (name) =>
    expect(open(name).spec.name).toBe(name),
  );
});

describe('channelResolver', () => {
  it('finds the definition of a placeholder, also where its value has colons', () => {
    expect(resolve('room:a:b').spec).toEqual({
      name: 'room:a:b',
      kind: 'private',
      history: true,
      presence: true,
    });
  });

  it('takes the first of 2 patterns that match', () => {
    expect(resolve('room:lobby').spec.kind).toBe('private'); // `room:{id}` stands first
  });

  it('finds a pattern with 2 placeholders, and a literal one', () => {
    expect(resolve('team:1:user:2').spec.kind).toBe('encrypted');
    expect(resolve('news').spec).toMatchObject({ history: false, presence: false });
  });

  it.each([['room:'], ['xroom:1'], ['team:1:user:'], ['news:1'], ['New'], ['aXbbc1']])(
    'knows no %j, and says invalid',
    (name) => expect(() => resolve(name)).toThrow(/invalid.*no defined channel/),
  );

  it('takes signs of expressions in a pattern for themselves', () => {
    expect(resolve('a.b*c1').definition).toBe(channels['a.b*c{x}']);
  });

  it('ends for a name of 255 characters that almost matches 9 placeholders', () => {
    const evil = channelResolver({ '{a}:{b}:{c}:{d}:{e}:{f}:{g}:{h}:{i}!': { events: {} } });
    expect(() => evil(':'.repeat(255))).toThrow('no defined channel');
  });

  it('agrees with a plain expression on random patterns of `a`, `b` and placeholders', () => {
    const part = fc.constantFrom('a', 'b', 'ab', '{x}', '{yy}');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 10 }),
        (parts, letters) => {
          const name = letters.join('');
          const plain = new RegExp(`^${parts.join('').replace(/\{\w+\}/g, '.+')}$`);
          let matches = true;
          try {
            channelResolver({ [parts.join('')]: { events: {} } })(name);
          } catch {
            matches = false;
          }
          expect(matches).toBe(plain.test(name));
        },
      ),
      { seed, numRuns: scale(500, 20_000) },
    );
  });

  it('allows everything on every valid name without definitions', () => {
    const open = channelResolver(undefined);
    expect(open('anything').spec).toEqual({
      name: 'anything',
      kind: 'private',
      history: true,
      presence: true,
    });
    expect(() => open('')).toThrow('[anywire:invalid]');
  });
});
