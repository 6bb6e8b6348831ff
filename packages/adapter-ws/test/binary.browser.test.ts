/** What bytes are in a browser: of another realm, by the platform's own base64, and through the codec. */
import { messagePack } from '@anywire/adapter-ws/messagepack';
import { createRealtime } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';
import { createMemoryHub, memory } from '@anywire/core/memory';
import { describe, expect, it } from 'vitest';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => n % 256);

describe('bytes in a browser', () => {
  it('of an iframe are bytes, and arrive as those of the page', async () => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const { Uint8Array: Theirs } = frame.contentWindow as unknown as typeof globalThis;
    const data = Theirs.of(1, 2, 255);
    expect(data).not.toBeInstanceOf(Uint8Array);
    const realtime = createRealtime({ adapter: memory({ hub: createMemoryHub() }) });
    const room = realtime.channel('room');
    const heard = room.once('e');
    await room.attach();
    await room.publish('e', data);
    const { data: received } = await heard;
    expect(received).toEqual(Uint8Array.of(1, 2, 255));
    expect((received as object).constructor).toBe(Uint8Array);
    await realtime.close();
    frame.remove();
  });

  it('are 1 MiB of base64 and back', () => {
    const text = toBase64(bytes(1_048_576));
    expect(text).toHaveLength(1_398_104);
    expect(fromBase64(text)).toEqual(bytes(1_048_576));
  });

  it('go through MessagePack', () => {
    const codec = messagePack();
    const frame = { t: 'publish', c: 'Füße 👣', d: bytes(70_000) };
    expect(codec.decode(codec.encode(frame), 0).frame).toEqual(frame);
  });
});
