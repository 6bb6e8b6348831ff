import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  besideText,
  ackFrame,
  Frame,
  messageFrame,
  messageHead,
  messageTail,
  senderText,
} from './frame.ts';

// The reader of `ws`, which its types do not mention.
const { Receiver } = createRequire(import.meta.url)('ws') as { Receiver: new () => Writable };

/** What a WebSocket reads from these bytes. */
function read(bytes: Buffer): string[] {
  const texts: string[] = [];
  const receiver = new Receiver();
  receiver.on('message', (data: Buffer) => texts.push(data.toString()));
  receiver.write(bytes);
  return texts;
}

describe('a frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])(
    'of %i bytes is one WebSocket message',
    (length) => {
      const text = 'x'.repeat(length);
      expect(read(new Frame(text).wire)).toEqual([text]);
    },
  );

  it('counts bytes and not characters', () => {
    const frame = new Frame('"é€😀"'.repeat(20));
    expect(frame.bytes).toBe(220);
    expect(read(frame.wire)).toEqual(['"é€😀"'.repeat(20)]);
  });

  it('is framed once, however many clients get it', () => {
    const frame = new Frame('{}');
    expect(frame.wire).toBe(frame.wire);
  });

  it('reads as several messages when several are written as one', () => {
    const frames = ['a', 'b'.repeat(200), 'c'].map((text) => new Frame(text));
    expect(read(Buffer.concat(frames.map(({ wire }) => wire)))).toEqual([
      'a',
      'b'.repeat(200),
      'c',
    ]);
  });
});

describe('a message', () => {
  const sender = senderText('k1', 'Ann "the one"');
  const parts = {
    ...{ id: 'aaaaaaaa:0', event: 'a"b', timestamp: 5, sender, beside: '' },
    ...{ payload: '{"x":[1]}', packed: undefined },
  };

  it('holds its members in the order of the protocol, the data last and untouched', () => {
    const { text } = messageFrame(messageHead('__proto__'), 7, messageTail(parts));
    expect(text).toBe(
      '{"t":"message","c":"__proto__","s":7,"i":"aaaaaaaa:0","e":"a\\"b",' +
        '"u":"Ann \\"the one\\"","k":"k1","ts":5,"d":{"x":[1]}}',
    );
  });

  it('without a serial is a volatile one', () => {
    const text = messageHead('c') + messageTail({ ...parts, sender: senderText('k1', undefined) });
    expect(JSON.parse(text)).toEqual({
      t: 'message',
      c: 'c',
      i: 'aaaaaaaa:0',
      e: 'a"b',
      k: 'k1',
      ts: 5,
      d: { x: [1] },
    });
  });

  it('passes on what travels beside the data', () => {
    const beside = besideText({ q: 4, x: { a: '"d":' } }, true);
    const { text } = messageFrame(messageHead('c'), 7, messageTail({ ...parts, beside }));
    expect(text).toContain(',"ts":5,"q":4,"x":{"a":"\\"d\\":"},"b":1,"d":');
    expect(besideText({}, false)).toBe('');
  });

  it('is acknowledged with its serial, and as a duplicate when it is one', () => {
    const answer = { serial: 3, timestamp: 9 };
    expect(ackFrame(1, { ...answer, duplicate: false }).text).toBe(
      '{"t":"ack","r":1,"s":3,"ts":9}',
    );
    expect(JSON.parse(ackFrame(1, { ...answer, duplicate: true }).text)).toEqual({
      t: 'ack',
      r: 1,
      s: 3,
      ts: 9,
      dup: true,
    });
  });
});
