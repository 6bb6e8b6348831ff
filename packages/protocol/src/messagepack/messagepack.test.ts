/** The codec against an independent implementation, against golden bytes, and against what JSON makes of a value. */
import { decode as decodeTheirs, encode as encodeTheirs, Encoder } from '@msgpack/msgpack';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../../tests/seed.ts';
import { scale } from '../../../../tests/tier.ts';
import { messagePack } from './index.ts';

const runs = { seed: seed | 0, numRuns: scale(300, 20_000) };
const limitMs = scale(5_000, 120_000);
const codec = messagePack();
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** A frame `{ d: … }` whose payload is these bytes. */
const frameOf = (...payload: number[]): Uint8Array => bytes(0x81, 0xa1, 0x64, ...payload);
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/messagepack.json', import.meta.url), 'utf8'),
) as { frame: object; bytes?: number[]; hex: string }[];

describe('golden frames', () => {
  it.each(golden)('$hex is $frame', ({ frame, bytes: data, hex: expected }) => {
    const whole = data ? { ...frame, d: Uint8Array.from(data) } : frame;
    expect(hex(codec.encode(whole))).toBe(expected);
    const read = codec.decode(Buffer.from(expected, 'hex'), 0);
    expect(read).toMatchObject({ frame: whole, problem: undefined, end: expected.length / 2 });
    expect(decodeTheirs(new Uint8Array(Buffer.from(expected, 'hex')))).toEqual(whole);
  });
});

describe('writing', () => {
  it.each<[string, unknown]>([
    ['integers at every width', [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]],
    ['negative integers', [-1, -32, -33, -128, -129, -32_768, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 53) + 1]],
    ['fractions', [0.5, -1.25, 1e300, 5e-324]],
    ['what is no number in JSON', [Number.NaN, Infinity, -Infinity, -0]],
    ['texts at every width', ['', 'a'.repeat(31), 'a'.repeat(32), 'é'.repeat(40), 'x'.repeat(256), 'y'.repeat(65_536)]],
    ['lists at every width', [[], Array(15).fill(1), Array(16).fill(2), Array(65_536).fill(3)]],
    ['maps at every width', Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`k${n}`, n]))],
    ['what JSON leaves out', { a: undefined, b: () => 1, c: Symbol('s'), d: [undefined, () => 1, Symbol('s')] }],
    ['dates', { at: new Date(0), list: [new Date(1)] }],
    ['toJSON', { a: { toJSON: () => [1] }, b: { toJSON: () => undefined } }],
    ['__proto__', JSON.parse('{"__proto__":{"x":1},"constructor":2}')],
  ])('%s means what JSON makes of it', (_, d) => {
    const expected: unknown = JSON.parse(JSON.stringify({ d }));
    expect(codec.decode(codec.encode({ d }), 0).frame).toEqual(expected);
  }); // prettier-ignore

  it.each([0, 1, 255, 256, 65_535, 65_536])('%i bytes stay bytes, of a Buffer too', (length) => {
    const data = Buffer.alloc(length, 7);
    const { frame } = codec.decode(codec.encode({ t: 'x', d: data }), 0);
    expect(frame['d']).toEqual(new Uint8Array(data));
    expect((frame['d'] as Uint8Array).constructor).toBe(Uint8Array);
  });

  it('splices a payload, and joins frames', () => {
    const { payload } = codec.decode(codec.encode({ t: 'publish', d: { a: [1] } }), 0);
    const spliced = codec.splice({ t: 'message', c: 'room' }, payload as Uint8Array);
    expect(hex(spliced)).toBe(hex(codec.encode({ t: 'message', c: 'room', d: { a: [1] } })));
    const joined = codec.join([spliced, codec.encode({ t: 'ping' })]);
    const first = codec.decode(joined, 0);
    expect(first.frame).toEqual({ t: 'message', c: 'room', d: { a: [1] } });
    expect(codec.decode(joined, first.end)).toMatchObject({
      frame: { t: 'ping' },
      payload: undefined,
      end: joined.length,
    });
  });
});

describe('reading', () => {
  it.each([
    ['nothing', bytes()],
    ['a map that is cut off', frameOf(0x92, 1)],
    ['a text that is cut off', frameOf(0xa2, 0x61)],
    ['a text of a declared 4 GiB', frameOf(0xdb, 255, 255, 255, 255)],
    ['bytes of a declared 4 GiB', frameOf(0xc6, 255, 255, 255, 255)],
    ['a list of a declared 4 billion items', frameOf(0xdd, 255, 255, 255, 255)],
    ['a map of a declared 4 billion members', bytes(0xdf, 255, 255, 255, 255)],
    ['an extension that is cut off', frameOf(0xc9, 255, 255, 255, 255, 1)],
    ['a number that is cut off', frameOf(0xcb, 0, 0)],
    ['a list', bytes(0x90)],
    ['a number', bytes(1)],
    ['a key that is a number', bytes(0x81, 1, 1)],
    ['a key that is bytes', bytes(0x81, 0xc4, 1, 0x61, 1)],
    ['a text that is no UTF-8', frameOf(0xa1, 0xff)],
    ['the first byte that nobody uses', frameOf(0xc1)],
  ])('throws at %s', (_, data) => expect(() => codec.decode(data, 0, 64)).toThrow());

  it.each([
    ['NaN', frameOf(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 'NaN'],
    ['Infinity as a 32 bit float', frameOf(0xca, 0x7f, 0x80, 0, 0), 'Infinity'],
    ['a timestamp', frameOf(0xd6, 0xff, 0, 0, 0, 1), 'extension'],
    ['an extension of 3 bytes', frameOf(0xc7, 3, 5, 1, 2, 3), 'extension'],
    ['bytes inside a list', frameOf(0x91, 0xc4, 1, 7), 'bytes'],
    ['65 lists inside each other', frameOf(...Array<number>(65).fill(0x91), 1), '64 deep'],
  ])('passes over %s, and says so', (_, data, text) => {
    const joined = codec.join([data, codec.encode({ t: 'ping' })]);
    const read = codec.decode(joined, 0, 64);
    expect(read.problem).toContain(text);
    expect(codec.decode(joined, read.end).frame).toEqual({ t: 'ping' });
  });

  it('takes 64 lists inside each other, and survives 200,000', () => {
    const nested = (depth: number): Uint8Array =>
      codec.join([frameOf(), new Uint8Array(depth).fill(0x91), bytes(1)]);
    expect(codec.decode(nested(64), 0, 64).problem).toBeUndefined();
    expect(codec.decode(nested(200_000), 0, 64)).toMatchObject({
      problem: expect.stringContaining('64 deep'),
      end: 200_004,
    });
  });

  it('needs no memory for 26,000 lists that declare 131,072 items each', () => {
    const bomb = new Uint8Array(131_074);
    for (let at = 3; at + 5 <= bomb.length; at += 5) bomb.set([0xdd, 0, 1, 0xff, 0], at);
    bomb.set([0x81, 0xa1, 0x64]);
    const before = process.memoryUsage().heapUsed;
    expect(() => codec.decode(bomb, 0, 64)).toThrow();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  });

  it('makes __proto__ a member like any other', () => {
    const frame = codec.encode(JSON.parse('{"__proto__":{"polluted":1},"d":{"__proto__":1}}'));
    const read = codec.decode(frame, 0).frame;
    expect(JSON.stringify(read)).toBe('{"__proto__":{"polluted":1},"d":{"__proto__":1}}');
    expect((read as { polluted?: number }).polluted).toBeUndefined();
  });

  it('keeps a byte order mark, and reads 64 bit integers as near as JSON would', () => {
    expect(codec.decode(codec.encode({ d: '\ufeffa' }), 0).frame['d']).toBe('\ufeffa');
    const wide = (first: number): Uint8Array => frameOf(first, 0x7f, ...Array<number>(7).fill(255));
    for (const first of [0xcf, 0xd3])
      expect(codec.decode(wide(first), 0).frame['d']).toBe(Number(2n ** 63n - 1n));
  });

  it('hands out bytes of its own, not those of the transport', () => {
    const data = Buffer.from(codec.encode({ d: bytes(1, 2) }));
    const { frame } = codec.decode(data, 0);
    data.fill(9);
    expect(frame['d']).toEqual(bytes(1, 2));
  });
});

describe('any frame', () => {
  // The other implementation refuses `__proto__`, at any depth.
  const frame = fc
    .dictionary(
      fc.string({ maxLength: 50, unit: 'grapheme' }),
      fc.oneof(fc.jsonValue({ maxDepth: 5 }), fc.uint8Array()),
    )
    .filter((one) => !JSON.stringify(one).includes('"__proto__":'));
  it(
    'is read by others as it was written here, and the other way round',
    () => {
      fc.assert(
        fc.property(frame, (one) => {
          expect(decodeTheirs(codec.encode(one))).toEqual(plain(one));
          for (const theirs of [
            encodeTheirs(one),
            new Encoder({ forceFloat32: false }).encode(one),
          ])
            expect(codec.decode(theirs, 0).frame).toEqual(plain(one));
        }),
        runs,
      );
    },
    limitMs,
  );

  it(
    'that is no MessagePack is refused or read, and nothing is read beyond its end',
    () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
          try {
            expect(codec.decode(data, 0, 4).end).toBeLessThanOrEqual(data.length);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }),
        { ...runs, numRuns: 10 * runs.numRuns },
      );
    },
    limitMs,
  );

  it(
    'that was changed in one byte is refused or read',
    () => {
      fc.assert(
        fc.property(frame, fc.nat(), fc.nat(255), (one, at, byte) => {
          const data = codec.encode(one).slice();
          data[at % data.length] = byte;
          try {
            expect(codec.decode(data, 0, 64).end).toBeLessThanOrEqual(data.length);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }),
        runs,
      );
    },
    limitMs,
  );
});

/** Without what equality tells apart and JSON does not: -0, and objects without a prototype. */
function plain(frame: Readonly<Record<string, unknown>>): unknown {
  const entries = Object.entries(frame).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? value : (JSON.parse(JSON.stringify(value)) as unknown),
  ]);
  return Object.fromEntries(entries);
}
