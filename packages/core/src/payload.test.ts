import { describe, expect, it } from 'vitest';
import { bytesOf, isBytes, sizeOf, toBytes, toJson } from './payload.ts';

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
    ['an empty one inside', { file: new Uint8Array() }],
    ['one of 3 bytes inside', [{ file: new Uint8Array(3) }]],
    ['a Buffer inside', { file: Buffer.from('abc') }],
    ['an ArrayBuffer inside', [new ArrayBuffer(2)]],
    ['a Uint16Array inside', { a: { b: new Uint16Array(1) } }],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['what throws in toJSON', { toJSON: () => strict() }],
  ])('refuses %s as invalid', (_, data) => expect(refusal(data)).toBe('invalid'));

  it('says what to do about bytes inside', () =>
    expect(() => toJson({ file: new Uint8Array(1) }, 99, 'it')).toThrow(
      'it holds bytes: they travel alone, as a Uint8Array',
    ));

  it.each([[{}], [{ 0: 1 }], [{ type: 'Buffer', data: [1] }], [{ a: '{"0":' }]])(
    'takes %j, which only looks like bytes',
    (data) => expect(JSON.parse(toJson(data, 99, 'it'))).toEqual(data),
  );

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

describe('bytes', () => {
  it.each<[string, unknown, boolean]>([
    ['a Uint8Array', new Uint8Array(2), true],
    ['a Buffer', Buffer.from('ab'), true],
    ['a Uint8ClampedArray', new Uint8ClampedArray(2), false],
    ['a DataView', new DataView(new ArrayBuffer(2)), false],
    ['an ArrayBuffer', new ArrayBuffer(2), false],
    ['a list of numbers', [1, 2], false],
    ['an object that pretends', { [Symbol.toStringTag]: 'Uint8Array' }, false],
  ])('of %s: %j is %s', (_, data, expected) => expect(isBytes(data)).toBe(expected));

  it('are a plain copy, whatever the app does afterwards', () => {
    const data = Buffer.from([1, 2, 3]);
    const sent = toBytes(data, false, 3, 'it');
    data[0] = 9;
    expect([sent.constructor, [...sent]]).toEqual([Uint8Array, [1, 2, 3]]);
  });

  it.each([
    [6, false, 6],
    [6, true, 8],
    [7, true, 12],
    [0, true, 0],
  ])('count as they travel: %i bytes, as base64 %s, are %i', (length, isBase64, size) => {
    const data = new Uint8Array(length);
    expect(toBytes(data, isBase64, size, 'it')).toHaveLength(length);
    expect(() => toBytes(data, isBase64, size - 1, 'it')).toThrow('more than');
  });

  it('take their room in the outbox as they are, and JSON as UTF-8', () => {
    expect(sizeOf({ data: new Uint8Array(5), json: undefined })).toBe(5);
    expect(sizeOf({ data: 'é', json: '"é"' })).toBe(4);
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
