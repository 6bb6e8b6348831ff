import { afterEach, describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

const prototype = Uint8Array.prototype as { toBase64?: unknown };
const statics = Uint8Array as { fromBase64?: unknown };
const native = { toBase64: prototype.toBase64, fromBase64: statics.fromBase64 };

afterEach(() => {
  for (const [owner, name] of [
    [prototype, 'toBase64'],
    [statics, 'fromBase64'],
  ] as const) {
    if (native[name] === undefined) delete (owner as Record<string, unknown>)[name];
    else (owner as Record<string, unknown>)[name] = native[name];
  }
});

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => (n * 7) % 256);

describe('base64', () => {
  it.each([0, 1, 2, 3, 255, 256, 8_192, 8_193, 1_048_576])('carries %i bytes', (length) => {
    const text = toBase64(bytes(length));
    expect(text).toBe(Buffer.from(bytes(length)).toString('base64'));
    expect(Buffer.compare(fromBase64(text), bytes(length))).toBe(0);
  });

  it('reads a view of a larger buffer, and no byte beside it', () => {
    expect(toBase64(bytes(10).subarray(2, 5))).toBe(
      Buffer.from(bytes(10)).subarray(2, 5).toString('base64'),
    );
  });

  it('uses what the platform has', () => {
    prototype.toBase64 = function (this: Uint8Array) {
      return `native ${this.length}`;
    };
    statics.fromBase64 = (text: string) => new Uint8Array(text.length);
    expect(toBase64(bytes(3))).toBe('native 3');
    expect(fromBase64('1234')).toHaveLength(4);
  });

  it('throws on what is no base64', () => expect(() => fromBase64('a*b=')).toThrow());
});
