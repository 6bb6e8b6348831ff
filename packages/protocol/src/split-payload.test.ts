import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { splitPayload } from './codec.ts';

const runs = { seed: seed | 0, numRuns: scale(300, 20_000) };

describe('splitPayload', () => {
  it.each([
    ['{"t":"x","d":{"a":1}}', '{"a":1}'],
    ['{"t":"x","d": 1.50 }', '1.50'],
    ['{"t":"x","d":" }"}', '" }"'],
    ['{"t":"x","d":1,"z":2}', '1'],
    ['{"d":1,"t":"x"}', '1'],
    ['{"t":"x","n":{"a":1,"d":2},"d":3}', '3'],
    ['{"t":"x","d":1,"d":2}', '2'],
    ['{"t":"x","d":{"a":1,"d":2}}', '{"a":1,"d":2}'],
    ['{"t":",\\"d\\":","d":1}', '1'],
    ['{"t":"x","d":{\n"a":1}}', '{"a":1}'],
    ['{"t":"x","d":[1,\r2]}', '[1,2]'],
    ['{"t":"x",\n"d":1}\n', '1'],
    ['{"t":"x"}', undefined],
    ['{"t":"publish","r":1,"c":"a","i":"n:0","e":"x","d":{"a":[1.50]}}', '{"a":[1.50]}'],
    ['{"t":"publish","c":"a","i":"n:0","e":"x","d":" "}', '" "'],
    ['{"t":"publish","c":"\\u0061","i":"n:0","e":"x","d":1}', '1'],
    ['{"t":"publish","c":"a","i":"n:0","e":"x","d":1,"d":2}', '2'],
    ['{"t":"publish","c":"a","i":"n:0","e":"x","d":[\r1]}', '[1]'],
  ])('reads %j with the payload %s', (text, payload) => {
    expect(splitPayload(text)).toEqual({ frame: JSON.parse(text) as unknown, payload });
  });

  it.each([
    '{"t":"publish","r":01,"c":"a","i":"n:0","e":"x","d":1}',
    '{"t":"publish","c":"a\tb","i":"n:0","e":"x","d":1}',
    '{"t":"publish","c":"a","i":"n:0","e":"x","d":1}}',
    '{"t":"x","d":1',
    '{"t":"x","d":}',
    '{"t":"x","d":1}}',
    '{"t":"x"},"d":1}',
    ',"d":1}',
    '{,"d":1}',
    ' { ,"d":1}',
  ])('refuses %j', (text) => expect(splitPayload(text)).toBeUndefined());

  it('agrees with JSON.parse on any text, and hands out one line that means the same', () => {
    const pieces = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '"d"',
        ',"d":',
        '"t":"x"',
        '1',
        'null',
        '\\',
        '\n',
        '\r',
        ' ',
        '"a":',
      ],
    );
    const soup = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    const shaped = fc
      .tuple(
        fc.dictionary(fc.constantFrom('t', 'c', 'd', 'n', ',"d":'), fc.jsonValue()),
        fc.constantFrom(0, 1, '\t'),
      )
      .map(([value, indent]) => JSON.stringify(value, null, indent));
    fc.assert(
      fc.property(
        fc.oneof(
          soup,
          shaped,
          soup.map((text) => `{"t":"x","d":${text}}`),
          soup.map((text) => `{"t":"publish","c":"a","i":"n:0","e":"x","d":${text}}`),
        ),
        (text) => {
          const split = splitPayload(text);
          let whole: unknown;
          try {
            whole = JSON.parse(text);
          } catch {
            expect(split).toBeUndefined();
            return;
          }
          expect(split?.frame).toEqual(whole);
          if (split?.payload === undefined) return;
          expect(split.payload).not.toMatch(/[\n\r]/);
          expect(JSON.parse(split.payload)).toEqual((whole as { d: unknown }).d);
        },
      ),
      runs,
    );
  });
});
