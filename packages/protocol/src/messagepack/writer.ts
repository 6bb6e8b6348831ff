/**
 * JSON values and bytes to MessagePack. A value means what `JSON.stringify` would make of it, so that it is the same for
 * receivers of either codec.
 *
 * @see messagepack.test.ts
 */

const utf8 = new TextEncoder();
const float64 = new DataView(new ArrayBuffer(8));
/** The first bytes of a number in 8, 16 and 32 bits: of a length, or the value itself. */
type Heads = readonly [narrow: number | undefined, middle: number, wide: number];
const bytesHeads: Heads = [0xc4, 0xc5, 0xc6];
const naturalHeads: Heads = [0xcc, 0xcd, 0xce];
const textHeads: Heads = [0xd9, 0xda, 0xdb];
const listHeads: Heads = [undefined, 0xdc, 0xdd];
const mapHeads: Heads = [undefined, 0xde, 0xdf];
/** Up to here a loop over ASCII is quicker than the encoder. */
const shortText = 40;

export class Writer {
  private bytes = new Uint8Array(256);
  private at = 0;

  /** A frame; `payload` becomes its last member, `d`, as it is. */
  frame(members: object, payload?: Uint8Array): this {
    this.map(members, payload ? 1 : 0);
    if (payload) {
      this.text('d');
      this.raw(payload);
    }
    return this;
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  // --- values ---

  private value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return this.number(value);
      case 'boolean':
        return this.byte(value ? 0xc3 : 0xc2);
      case 'object':
        return value === null ? this.byte(0xc0) : this.object(value);
      default:
        this.byte(0xc0); // in lists, JSON makes null of what it does not have
    }
  }

  private object(value: object): void {
    if (value instanceof Uint8Array) {
      this.head(value.length, bytesHeads);
      this.raw(value);
    } else if (Array.isArray(value)) {
      this.head(value.length, listHeads, 0x90, 15);
      for (const item of value) this.value(jsonOf(item));
    } else {
      this.map(value, 0);
    }
  }

  /** @param more - Members that the caller writes afterwards. */
  private map(value: object, more: number): void {
    const keys = Object.keys(value);
    const values = keys.map((key) => jsonOf((value as Record<string, unknown>)[key]));
    const leftOut = values.reduce((sum: number, given) => sum + Number(isLeftOut(given)), 0);
    this.head(keys.length - leftOut + more, mapHeads, 0x80, 15);
    for (const [at, key] of keys.entries()) {
      if (isLeftOut(values[at])) continue;
      this.text(key);
      this.value(values[at]);
    }
  }

  private number(value: number): void {
    if (!Number.isFinite(value)) return this.byte(0xc0); // as JSON does
    if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff)
      return this.float(value);
    if (value >= 0) return this.head(value, naturalHeads, 0, 127);
    if (value >= -32) return this.byte(value & 0xff);
    if (value >= -0x80) return this.integer(0xd0, 1, value);
    if (value >= -0x8000) return this.integer(0xd1, 2, value);
    this.integer(0xd2, 4, value);
  }

  private text(text: string): void {
    if (text.length <= shortText && this.ascii(text)) return;
    const bytes = utf8.encode(text);
    this.head(bytes.length, textHeads, 0xa0, 31);
    this.raw(bytes);
  }

  /** Writes `text` if it is ASCII. */
  private ascii(text: string): boolean {
    const start = this.at;
    this.head(text.length, textHeads, 0xa0, 31);
    this.reserve(text.length);
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit > 0x7f) {
        this.at = start;
        return false;
      }
      this.bytes[this.at++] = unit;
    }
    return true;
  }

  // --- bytes ---

  /** A natural number, behind the first byte for its width; up to `most` within that byte. */
  private head(number: number, [narrow, middle, wide]: Heads, fixed = 0, most = -1): void {
    if (number <= most) this.byte(fixed + number);
    else if (number < 0x100 && narrow !== undefined) this.integer(narrow, 1, number);
    else if (number < 0x1_0000) this.integer(middle, 2, number);
    else this.integer(wide, 4, number);
  }

  /** Highest byte first; what is above a byte is cut off by the array. */
  private integer(first: number, width: number, value: number): void {
    this.byte(first);
    this.reserve(width);
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8)
      this.bytes[this.at++] = value >>> shift;
  }

  private float(value: number): void {
    float64.setFloat64(0, value);
    this.byte(0xcb);
    this.raw(new Uint8Array(float64.buffer));
  }

  private byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.at++] = byte;
  }

  private raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.at + more));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }
}

/** What `toJSON` makes of it, where it has one. Node's `Buffer` has one too, and is bytes all the same. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON as () => unknown).call(value) : value;
}

const isLeftOut = (value: unknown): boolean =>
  value === undefined || typeof value === 'function' || typeof value === 'symbol';
