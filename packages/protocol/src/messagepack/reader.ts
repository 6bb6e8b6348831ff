/**
 * MessagePack to JSON values and bytes, from strangers: no length is believed before its bytes are there, nothing
 * recurses deeper than allowed, and no key can reach a prototype.
 *
 * Two ways to fail: what is no MessagePack throws, for nothing behind it can be found; what is, and has no place in
 * a frame (NaN, an extension type, bytes inside other data, too many levels), is passed over and named.
 *
 * @see messagepack.test.ts · packages/server/test/bad-input.faults.test.ts
 */
import type { Unpacked } from '../binary-codec.ts';
import { tooDeep } from '../codec.ts';

type Kind = 'value' | 'text' | 'bytes' | 'extension' | 'list' | 'map';
/** How a first byte goes on: how wide the number behind it is, and how to read it. */
type Wide = readonly [width: number, read: (view: DataView, at: number) => number];

const u8: Wide = [1, (view, at) => view.getUint8(at)];
const u16: Wide = [2, (view, at) => view.getUint16(at)];
const u32: Wide = [4, (view, at) => view.getUint32(at)];
const size = (length: number): Wide => [0, () => length];

/** What each first byte from 0xc4 to 0xdf says. Numbers over 2^53 are as near as JSON would have them. */
// prettier-ignore
const heads: readonly (readonly [Kind, Wide])[] = [
  ['bytes', u8], ['bytes', u16], ['bytes', u32],
  ['extension', u8], ['extension', u16], ['extension', u32],
  ['value', [4, (view, at) => view.getFloat32(at)]],
  ['value', [8, (view, at) => view.getFloat64(at)]],
  ['value', u8], ['value', u16], ['value', u32],
  ['value', [8, (view, at) => Number(view.getBigUint64(at))]],
  ['value', [1, (view, at) => view.getInt8(at)]],
  ['value', [2, (view, at) => view.getInt16(at)]],
  ['value', [4, (view, at) => view.getInt32(at)]],
  ['value', [8, (view, at) => Number(view.getBigInt64(at))]],
  ['extension', size(1)], ['extension', size(2)], ['extension', size(4)], ['extension', size(8)], ['extension', size(16)],
  ['text', u8], ['text', u16], ['text', u32],
  ['list', u16], ['list', u32],
  ['map', u16], ['map', u32],
];

/** A byte order mark is a character of the text like any other. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Up to here a loop over ASCII is quicker than the decoder. */
const shortText = 24;

/** @see BinaryCodec.decode */
export function readFrame(bytes: Uint8Array, from: number, maxDepth: number = Infinity): Unpacked {
  return new Reader(bytes, from, maxDepth).frame();
}

class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly maxDepth: number;
  private at: number;
  private problem: string | undefined = undefined;
  private last: unknown = undefined;
  private count = 0;

  constructor(bytes: Uint8Array, from: number, maxDepth: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = from;
    this.maxDepth = maxDepth;
  }

  frame(): Unpacked {
    if (this.head() !== 'map') throw new TypeError('a frame is a map');
    const frame: Record<string, unknown> = {};
    let payload: Uint8Array | undefined;
    for (let left = this.count; left > 0; left -= 1) {
      const key = this.key();
      const start = this.at;
      const kind = this.head();
      if (key === 'd' && kind === 'bytes') set(frame, key, this.copy(this.count));
      else set(frame, key, this.value(kind, 1));
      if (key === 'd') payload = this.bytes.subarray(start, this.at);
    }
    return { frame, payload, problem: this.problem, end: this.at };
  }

  // --- values ---

  /** The value whose head was read; `depth` counts it, should it be a list or a map. */
  private value(kind: Kind, depth: number): unknown {
    const { count } = this;
    switch (kind) {
      case 'value':
        return this.last;
      case 'text':
        return this.text(count);
      case 'bytes':
        // Clients find them in the messages of a page, which are lists of maps.
        this.problem ??= 'bytes must be the data itself, not inside of it';
        return this.copy(count);
      case 'extension':
        this.problem ??= 'MessagePack extension types have no place here';
        this.take(count + 1);
        return null;
      case 'list':
      case 'map':
        return this.nested(kind, count, depth);
    }
  }

  private nested(kind: 'list' | 'map', count: number, depth: number): unknown {
    if (depth > this.maxDepth) {
      this.problem ??= tooDeep(this.maxDepth);
      this.pass(kind === 'map' ? 2 * count : count);
      return null;
    }
    return kind === 'list' ? this.list(count, depth) : this.map(count, depth);
  }

  /** Grows with what is there: a list of the declared length would be memory for the asking. */
  private list(count: number, depth: number): unknown[] {
    const list: unknown[] = [];
    for (let left = count; left > 0; left -= 1) list.push(this.value(this.head(), depth + 1));
    return list;
  }

  private map(count: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let left = count; left > 0; left -= 1)
      set(map, this.key(), this.value(this.head(), depth + 1));
    return map;
  }

  private key(): string {
    if (this.head() !== 'text') throw new TypeError('a key is a text');
    return this.text(this.count);
  }

  private text(length: number): string {
    const start = this.take(length);
    if (length <= shortText) {
      let text = '';
      let at = start;
      for (; at < this.at && (this.bytes[at] as number) < 0x80; at += 1)
        text += String.fromCharCode(this.bytes[at] as number);
      if (at === this.at) return text;
    }
    return utf8.decode(this.bytes.subarray(start, this.at));
  }

  /** A plain array of its own: what was received is the transport's. */
  private copy(length: number): Uint8Array {
    const start = this.take(length);
    return new Uint8Array(this.bytes.subarray(start, this.at));
  }

  /** Passes over values without a call for each level. */
  private pass(values: number): void {
    for (let left = values; left > 0; left -= 1) {
      const kind = this.head();
      if (kind === 'list') left += this.count;
      else if (kind === 'map') left += 2 * this.count;
      else if (kind !== 'value') this.take(this.count + (kind === 'extension' ? 1 : 0));
    }
  }

  // --- heads ---

  /** What begins here; `last` is the value itself, or `count` how much of it follows. */
  private head(): Kind {
    const byte = this.view.getUint8(this.at++);
    if (byte < 0x80) return this.is(byte);
    if (byte >= 0xe0) return this.is(byte - 0x100);
    if (byte < 0x90) return this.has('map', byte & 0x0f);
    if (byte < 0xa0) return this.has('list', byte & 0x0f);
    if (byte < 0xc0) return this.has('text', byte & 0x1f);
    if (byte === 0xc0) return this.is(null);
    const row = heads[byte - 0xc4];
    if (row === undefined) {
      if (byte === 0xc1) throw new TypeError('0xc1 is not used');
      return this.is(byte === 0xc3);
    }
    const [kind, [width, read]] = row;
    const number = read(this.view, this.take(width));
    return kind === 'value' ? this.is(number) : this.has(kind, number);
  }

  private is(value: unknown): Kind {
    if (typeof value === 'number' && !Number.isFinite(value))
      this.problem ??= 'NaN and Infinity have no place here';
    this.last = value;
    return 'value';
  }

  private has(kind: Kind, count: number): Kind {
    this.count = count;
    return kind;
  }

  /** Moves on; answers where it was. */
  private take(length: number): number {
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError('cut off');
    return start;
  }
}

/** An own member, also `__proto__`. */
function set(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  else target[key] = value;
}
