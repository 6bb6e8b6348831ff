import { describe, expect, it } from 'vitest';
import { bytesOf, toJson } from './payload.ts';

/** The code of what `toJson` throws. */
function refusal(data: unknown, maxBytes = 1_000): unknown {
  try {
    return toJson(data, maxBytes, 'it');
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('toJson', () => {
  it.each([[null], [0], [false], [''], ['text'], [[1, 2]], [{ a: { b: [null] } }]])(
    'writes %j',
    (data) => expect(JSON.parse(toJson(data, 1_000, 'it'))).toEqual(data),
  );

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['a BigInt', 1n],
    ['a Uint8Array', new Uint8Array(3)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['what throws in toJSON', { toJSON: () => strict() }],
  ])('refuses %s as invalid', (_, data) => expect(refusal(data)).toBe('invalid'));

  it('refuses what points to itself', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(refusal(loop)).toBe('invalid');
  });

  it('counts bytes of UTF-8 and not characters: 10 × é has 22 bytes', () => {
    const data = 'é'.repeat(10);
    expect(refusal(data, 21)).toBe('payload_too_large');
    expect(refusal(data, 22)).toBe(JSON.stringify(data));
  });

  it('allows exactly the limit', () => {
    expect(refusal('x'.repeat(8), 10)).toBe('"xxxxxxxx"');
    expect(refusal('x'.repeat(9), 10)).toBe('payload_too_large');
  });
});

describe('bytesOf', () => {
  it('is exact for 1, 2, 3 and 4 byte characters once it matters', () => {
    expect(['a', 'é', '€', '😀'].map((text) => bytesOf(text))).toEqual([1, 2, 3, 4]);
  });
});

function strict(): never {
  throw new Error('mine');
}
