import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { decodeClientFrames, decodeServerFrames, splitPayload, type Decoded } from './codec.ts';
import { encodeFrame } from './encode.ts';
import type { ClientFrame, ServerFrame } from './frames.ts';

const runs = { seed: seed | 0, numRuns: scale(300, 20_000) };

// prettier-ignore
const clientFrames: { [Type in ClientFrame['t']]: Extract<ClientFrame, { t: Type }> | ClientFrame } = {
  connect: { t: 'connect', r: 0, nonce: 'nonce-ann', instance: 'tab-1', token: 't', resume: 'r' },
  attach:  { t: 'attach', r: 1, c: 'room', cursor: 'e:1:', rewind: 5, presence: 'enter', echo: false, d: { name: 'Ann' } },
  detach:  { t: 'detach', r: 2, c: 'room' },
  publish: { t: 'publish', r: 3, c: 'room', i: 'nonce-ann:0', e: 'said', d: { text: 'hi' } },
  enter:   { t: 'enter', r: 4, c: 'room', d: null },
  update:  { t: 'update', r: 5, c: 'room', d: [1] },
  leave:   { t: 'leave', r: 6, c: 'room' },
  history: { t: 'history', r: 7, c: 'room', limit: 10, dir: 'backwards', from: 'e:1:', start: 0, end: 1.5 },
  token:   { t: 'token', r: 8, token: 't' },
  ping:    { t: 'ping' },
  pong:    { t: 'pong' },
  bye:     { t: 'bye', code: 1000, message: 'm', retryAfterMs: 5 },
};
const member = { u: 'ann', x: 'tab-1', k: 'c1', d: null };
const message = {
  t: 'message',
  c: 'room',
  s: 1,
  i: 'nonce-ann:0',
  e: 'said',
  u: 'ann',
  k: 'c1',
  ts: 1.5,
  d: 0,
} as const;
// prettier-ignore
const serverFrames: { [Type in ServerFrame['t']]: ServerFrame } = {
  connected: { t: 'connected', r: 0, connection: 'c1', client: 'ann', resume: 'r', heartbeatMs: 1, expiresInMs: 1, limits: { payloadBytes: 1, presenceGraceMs: 0, members: 1, historyItems: 1 } },
  attached:  { t: 'attached', r: 1, c: 'room', continuity: 'lost', cursor: 'e:0:', backlog: true, reason: 'epoch' },
  replayed:  { t: 'replayed', c: 'room' },
  detached:  { t: 'detached', c: 'room', code: 'forbidden', message: 'm', retryAfterMs: 1 },
  message,
  ack:       { t: 'ack', r: 2, s: 1, ts: 1, dup: true },
  presence:  { t: 'presence', c: 'room', a: 'update', ...member },
  changes:   { t: 'changes', c: 'room', changes: [{ a: 'leave', ...member }] },
  sync:      { t: 'sync', c: 'room', first: true, more: true, members: [member] },
  page:      { t: 'page', r: 3, next: 'e:1:', complete: true, items: [message] },
  ok:        { t: 'ok', r: 4, expiresInMs: 1 },
  error:     { t: 'error', r: 5, c: 'room', code: 'forbidden', message: 'm', retryAfterMs: 1 },
  ping:      { t: 'ping' },
  pong:      { t: 'pong' },
  bye:       { t: 'bye', code: 4000, message: 'm', retryAfterMs: 1 },
};

const all = [
  ...Object.values(clientFrames).map(
    (frame) => [`client ${frame.t}`, frame, decodeClientFrames] as const,
  ),
  ...Object.values(serverFrames).map(
    (frame) => [`server ${frame.t}`, frame, decodeServerFrames] as const,
  ),
];
type Decode = (text: string) => Decoded<ClientFrame | ServerFrame>[];

/** The reason and message of what must be refused. */
function refusal(decode: Decode, frame: unknown): [string, string] | undefined {
  const [decoded] = decode(typeof frame === 'string' ? frame : JSON.stringify(frame));
  return decoded?.ok === false ? [decoded.reason, decoded.message] : undefined;
}

describe.each(all)('%s', (_, frame, decode) => {
  it('is read as it was written, with unknown members beside it', () => {
    const [decoded] = decode(encodeFrame(frame));
    expect(decoded).toEqual({
      ok: true,
      frame,
      payload: 'd' in frame ? JSON.stringify(frame.d) : undefined,
    });
    expect(decode(JSON.stringify({ new: { nested: [1] }, ...frame }))).toMatchObject([
      { ok: true },
    ]);
  });

  it('is refused when a member has another type, naming it', () => {
    for (const [name, value] of Object.entries(frame)) {
      if (name === 'd') continue;
      for (const wrong of [null, typeof value === 'string' ? 7 : 'text', { nested: true }]) {
        const [reason, text] = refusal(decode, { ...frame, [name]: wrong }) ?? [];
        expect(reason).toMatch(/^(bad_frame|invalid)$/);
        expect(text).toContain(`"${name}"`);
      }
    }
  });

  it('is refused without a member that is required, and read without one that is not', () => {
    const without = (name: string): unknown =>
      Object.fromEntries(Object.entries(frame).filter(([other]) => other !== name));
    const required = Object.keys(frame).filter((name) => refusal(decode, without(name)));
    const sparse = Object.fromEntries(
      required.map((name) => [name, frame[name as keyof typeof frame]]),
    );
    expect(decode(JSON.stringify(sparse))).toMatchObject([{ ok: true }]);
  });
});

describe('decoding', () => {
  it.each([
    ['bad_frame', '', 'JSON object'],
    ['bad_frame', '{', 'JSON object'],
    ['bad_frame', 'null', 'JSON object'],
    ['bad_frame', '[{"t":"ping"}]', 'JSON object'],
    ['bad_frame', '{}', '"t"'],
    ['bad_frame', '{"t":1}', '"t"'],
    ['unknown_type', '{"t":"surprise"}', 'type'],
    ['unknown_type', '{"t":"__proto__"}', 'type'],
    ['unknown_type', '{"t":"connected"}', 'type'],
    ['bad_frame', '{"t":"detach","c":"room"}', '"r"'],
    ['bad_frame', '{"t":"detach","r":-1,"c":"room"}', '"r"'],
    ['bad_frame', '{"t":"detach","r":1.5,"c":"room"}', '"r"'],
    ['bad_frame', '{"__proto__":{"t":"ping"}}', '"t"'],
    ['bad_frame', '{"t":"publish","c":"a","i":"nonce-ann:0","e":"x"}', '"d"'],
    ['bad_frame', '{"t":"publish","c":"a","i":"nonce-ann:0","e":"x","d":}', 'JSON object'],
    ['bad_frame', '{"t":"publish","c":"a","i":"nonce-ann:0","e":"x","d":1,}', 'JSON object'],
    ['invalid', '{"t":"detach","r":9,"c":""}', '"c"'],
    ['invalid', '{"t":"publish","r":9,"c":"a","i":"nonce:0","e":"x","d":1}', '"i"'],
    ['invalid', '{"t":"publish","r":9,"c":"a","i":"nonce-ann:0","e":"","d":1}', '"e"'],
    ['invalid', '{"t":"history","r":9,"c":"a","limit":0,"dir":"backwards"}', '"limit"'],
    ['invalid', '{"t":"history","r":9,"c":"a","limit":1,"dir":"sideways"}', '"dir"'],
    ['invalid', '{"t":"attach","r":9,"c":"a","rewind":-1}', '"rewind"'],
    ['invalid', '{"t":"connect","r":9,"nonce":"short","instance":"x"}', '"nonce"'],
  ])('answers %s to %s', (reason, text, named) => {
    const [decoded] = decodeClientFrames(text);
    expect(decoded).toMatchObject({ ok: false, reason, message: expect.stringContaining(named) });
    if (reason === 'invalid') expect(decoded).toHaveProperty('r', 9);
  });

  it('never repeats a value of the frame in its message', () => {
    const [decoded] = decodeClientFrames('{"t":"token","r":1,"token":["secret"]}');
    expect(JSON.stringify(decoded)).not.toContain('secret');
  });

  it('reads several frames, goes on after an invalid one, and stops at a broken one', () => {
    const text = '{"t":"ping"}\n{"t":"leave","r":1,"c":""}\n{"t":"pong"}\n{"t":"x"}\n{"t":"ping"}';
    const results = decodeClientFrames(text).map((one) => (one.ok ? one.frame.t : one.reason));
    expect(results).toEqual(['ping', 'invalid', 'pong', 'unknown_type']);
  });

  it('takes __proto__ as a channel, an event and a member of the payload', () => {
    const text =
      '{"t":"publish","c":"__proto__","i":"nonce-ann:0","e":"__proto__","d":{"__proto__":{"polluted":1}}}';
    expect(decodeClientFrames(text)).toMatchObject([
      { ok: true, payload: '{"__proto__":{"polluted":1}}' },
    ]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('takes 64 nested lists or objects, answers invalid to 65, and survives 200,000', () => {
    const nested = (depth: number, open = '[', close = ']'): string =>
      `{"t":"publish","r":9,"c":"a","i":"nonce-ann:0","e":"x","d":${open.repeat(depth)}1${close.repeat(depth)}}`;
    expect(decodeClientFrames(nested(64))).toMatchObject([{ ok: true }]);
    expect(decodeClientFrames(nested(64, '{"a":', '}'))).toMatchObject([{ ok: true }]);
    for (const text of [
      nested(65),
      nested(65, '{"a":', '}'),
      nested(200_000),
      nested(200_000, '{"a":', '}'),
    ])
      expect(decodeClientFrames(text)).toMatchObject([{ ok: false, reason: 'invalid', r: 9 }]);
    const reordered = nested(200_000)
      .replace('"t":"publish",', '')
      .replace(/}$/, ',"t":"publish"}');
    expect(decodeClientFrames(reordered)).toMatchObject([{ ok: false, reason: 'invalid', r: 9 }]);
    expect(decodeClientFrames(nested(3), { maxDepth: 2 })).toMatchObject([{ ok: false }]);
    expect(splitPayload(reordered)).toBeUndefined();
  });

  it('refuses a broken item inside a list', () => {
    expect(
      refusal(decodeServerFrames, { t: 'sync', c: 'room', members: [{ ...member, u: 1 }] }),
    ).toBeDefined();
    expect(
      refusal(decodeServerFrames, { t: 'page', r: 1, complete: true, items: [null] }),
    ).toBeDefined();
  });
});

describe('any frame', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => !/[\0-\x1f\x7f]/.test(text)); // eslint-disable-line no-control-regex
  it('comes back from text with its payload, whatever its names and payload', () => {
    const frame = fc.record({
      t: fc.constant('publish' as const),
      r: fc.nat(),
      c: name,
      i: fc.nat().map((counter) => `nonce-ann:${counter}`),
      e: name,
      d: fc.jsonValue({ maxDepth: 5 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), (frames) => {
        const decoded = decodeClientFrames(frames.map((one) => encodeFrame(one)).join('\n'));
        expect(decoded).toEqual(
          frames.map((one) => ({
            ok: true,
            frame: JSON.parse(JSON.stringify(one)) as unknown,
            payload: JSON.stringify(one.d),
          })),
        );
      }),
      runs,
    );
  });

  it('is read or refused, never thrown at the reader', () => {
    const frame = fc.dictionary(
      fc.constantFrom('t', 'r', 'c', 'i', 'e', 'd', 'members', 'items', 'limits', '__proto__'),
      fc.oneof(fc.constantFrom(...all.map(([, { t }]) => t)), fc.jsonValue()),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          frame.map((one) => JSON.stringify(one)),
          fc.string(),
        ),
        (text) => {
          for (const decode of [decodeClientFrames, decodeServerFrames])
            for (const { ok } of decode(text)) expect(typeof ok).toBe('boolean');
        },
      ),
      runs,
    );
  });
});
