import { describe, expect, it } from 'vitest';
import { decodeClientFrames, decodeServerFrames } from './codec.ts';
import { unpackClientFrames } from './decode-packed.ts';
import { messagePack } from './messagepack/index.ts';
import { maxExtrasLength } from './rules.ts';

const codec = messagePack();
const publish = { t: 'publish', r: 9, c: 'room', i: 'nonce-ann:0', e: 'said' };
const unpack = (...frames: object[]): ReturnType<typeof unpackClientFrames> =>
  unpackClientFrames(codec, codec.join(frames.map((frame) => codec.encode(frame))));

/** What both codecs answer to a frame. */
const answers = (frame: object): unknown[] =>
  [...unpack(frame), ...decodeClientFrames(JSON.stringify(frame))].map((decoded) =>
    decoded.ok ? 'ok' : [decoded.reason, decoded.r],
  );

describe('a binary frame', () => {
  it('is read with its payload as JSON text, and as it came', () => {
    const frame = { ...publish, d: { text: 'hi' } };
    expect(unpack(frame)).toEqual([
      { ok: true, frame, payload: '{"text":"hi"}', packed: codec.encode(frame.d) },
    ]);
  });

  it('of bytes has no JSON', () => {
    const d = new Uint8Array([1, 2]);
    expect(unpack({ ...publish, d })).toMatchObject([
      { ok: true, frame: { d }, payload: undefined, packed: new Uint8Array([0xc4, 2, 1, 2]) },
    ]);
  });

  it.each([
    ['ok', { ...publish, b: 1, d: 'AAEC' }],
    ['ok', { ...publish, b: 1, d: '' }],
    ['ok', { ...publish, q: 1, x: { a: [1] }, d: 1 }],
    [['invalid', 9], { ...publish, b: 1, d: 'AAE' }],
    [['invalid', 9], { ...publish, b: 1, d: 'AA=C' }],
    [['invalid', 9], { ...publish, b: 1, d: 'A-_C' }],
    [['invalid', 9], { ...publish, b: 1, d: 'AAEC\n' }],
    [['invalid', 9], { ...publish, b: 1, d: [1] }],
    [['invalid', 9], { ...publish, b: 2, d: 'AAEC' }],
    [['bad_frame', 9], { ...publish, b: true, d: 'AAEC' }],
    [['invalid', 9], { ...publish, q: 0, d: 1 }],
    [['invalid', 9], { ...publish, q: 1.5, d: 1 }],
    [['invalid', 9], { ...publish, x: [1], d: 1 }],
    [['bad_frame', 9], { ...publish, x: 'text', d: 1 }],
    ['ok', { ...publish, x: { a: 'x'.repeat(maxExtrasLength - 8) }, d: 1 }],
    [['invalid', 9], { ...publish, x: { a: 'x'.repeat(maxExtrasLength - 7) }, d: 1 }],
    [['bad_frame', 9], publish],
    [['bad_frame', undefined], { ...publish, r: '9', d: 1 }],
    [['unknown_type', undefined], { t: 'surprise' }],
    [['bad_frame', undefined], {}],
  ])('is answered like its JSON: %j to %j', (expected, frame) =>
    expect(answers(frame)).toEqual([expected, expected]),
  );

  it('with extras nested 65 deep is invalid in both codecs', () => {
    const x = JSON.parse(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`) as object;
    expect(answers({ ...publish, x, d: 1 })).toEqual([
      ['invalid', 9],
      ['invalid', 9],
    ]);
  });

  it('may not hold bytes as presence data, nor inside its payload', () => {
    const d = new Uint8Array(1);
    for (const frame of [
      { t: 'enter', r: 9, c: 'room', d },
      { t: 'attach', r: 9, c: 'room', presence: 'enter', d },
      { ...publish, d: [d] },
      { ...publish, x: { d }, d: 1 },
    ])
      expect(unpack(frame)).toMatchObject([{ ok: false, reason: 'invalid', r: 9 }]);
  });

  it('that is invalid does not stop those behind it, and one that is broken does', () => {
    const nan = codec.splice(publish, new Uint8Array([0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]));
    const ping = codec.encode({ t: 'ping' });
    const read = unpackClientFrames(codec, codec.join([nan, ping, new Uint8Array([0xc1]), ping]));
    expect(read.map((one) => (one.ok ? one.frame.t : one.reason))).toEqual([
      'invalid',
      'ping',
      'bad_frame',
    ]);
    expect(unpackClientFrames(codec, new Uint8Array())).toMatchObject([{ reason: 'bad_frame' }]);
  });

  it('of a server is held to base64 inside a page too', () => {
    const item = { t: 'message', c: 'room', e: 'said', ts: 1, b: 1 };
    const page = (d: string): string =>
      JSON.stringify({ t: 'page', r: 1, complete: true, items: [{ ...item, d }] });
    expect(decodeServerFrames(page('AAEC'))).toMatchObject([{ ok: true }]);
    expect(decodeServerFrames(page('AAE'))).toMatchObject([{ ok: false }]);
  });
});
