/** Bytes and MessagePack: what clients of either codec say, the others hear. */
import type { BinaryCodec } from '@anywire/protocol';
import { messagePack } from '@anywire/protocol/messagepack';
import { describe, expect, it } from 'vitest';
import { dataOf } from '../test/support/client.ts';
import { testServer } from '../test/support/pipes.ts';

const codec = messagePack();
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => n % 256);
const values = [null, -1.5, 'ünï\n', { d: [1], b: 1 }, 'AAEC', bytes(0), bytes(1), bytes(256)];
const pairs: [string, BinaryCodec | undefined, BinaryCodec | undefined][] = [
  ['JSON to JSON', undefined, undefined],
  ['JSON to MessagePack', undefined, codec],
  ['MessagePack to JSON', codec, undefined],
  ['MessagePack to MessagePack', codec, codec],
];

/** A codec that counts what it writes. */
function counting(): BinaryCodec & { readonly counts: { encoded: number; spliced: number } } {
  const counts = { encoded: 0, spliced: 0 };
  return {
    ...codec,
    counts,
    encode: (frame) => ((counts.encoded += 1), codec.encode(frame)),
    splice: (...call) => ((counts.spliced += 1), codec.splice(...call)),
  };
}

describe.each(pairs)('%s', (_, from, to) => {
  it('every value arrives live, from a backlog, and in a page', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann', undefined, from);
    const bob = await connected('bob', undefined, to);
    await bob.attach('room');
    for (const value of values)
      expect(await ann.publish('room', value)).toMatchObject({ t: 'ack' });
    await expect.poll(() => bob.data('room')).toEqual(values);

    const cat = await connected('cat', undefined, to);
    await cat.attach('room', { rewind: 100 });
    await cat.next('replayed');
    expect(cat.data('room')).toEqual(values);

    const page = await cat.request({ t: 'history', c: 'room', limit: 100, dir: 'forwards' });
    expect(page.t === 'page' && page.items.map(dataOf)).toEqual(values);
    await server.close();
  });

  it('carries q and x, and a volatile message', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann', undefined, from);
    const bob = await connected('bob', undefined, to);
    await bob.attach('room');
    const beside = { q: 3, x: { d: '"d":', n: [1] } };
    await ann.publish('room', bytes(3), beside);
    await ann.publish('room', 'text', beside);
    ann.send({ t: 'publish', c: 'room', i: `${ann.nonce}:9`, e: 'v', d: 'volatile' });
    await bob.hears('volatile');
    expect(bob.messages('room')).toMatchObject([beside, beside, { e: 'v' }]);
    expect(bob.data('room')).toEqual([bytes(3), 'text', 'volatile']);
    await server.close();
  });

  it('shows members to each other', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann', undefined, from);
    await ann.attach('room', { presence: 'enter', d: { name: 'Änn' } });
    const bob = await connected('bob', undefined, to);
    await bob.attach('room', { presence: 'watch' });
    expect((await bob.next('sync')).members).toMatchObject([{ u: 'ann', d: { name: 'Änn' } }]);
    await ann.request({ t: 'update', c: 'room', d: [1] });
    expect(await bob.next('presence')).toMatchObject({ a: 'update', u: 'ann', d: [1] });
    await server.close();
  });
});

describe('one message', () => {
  it('to 3 clients of MessagePack and a resume is written once: data in it are spliced', async () => {
    const counted = counting();
    const { server, connected } = testServer();
    const ann = await connected('ann', undefined, counted);
    const all = await Promise.all(
      ['bob', 'cat', 'dan'].map((name) => connected(name, undefined, counted)),
    );
    for (const client of all) await client.attach('room');
    const before = { ...counted.counts };
    await ann.publish('room', { text: 'hi' });
    for (const client of all) await client.hears({ text: 'hi' });
    await all[0]?.attach('room', { rewind: 1 });
    await all[0]?.next('replayed');
    expect(counted.counts.spliced - before.spliced).toBe(1);
    // By the clients: a publish and an attach. By the server: their answers, and `replayed`.
    expect(counted.counts.encoded - before.encoded).toBe(5);
    await server.close();
  });

  it('of a client of JSON is written once for 3 clients of MessagePack', async () => {
    const counted = counting();
    const { server, connected } = testServer();
    const ann = await connected('ann');
    const all = await Promise.all(
      ['bob', 'cat', 'dan'].map((name) => connected(name, undefined, counted)),
    );
    for (const client of all) await client.attach('room');
    const before = counted.counts.encoded;
    await ann.publish('room', 'hi');
    for (const client of all) await client.hears('hi');
    expect(counted.counts.encoded - before).toBe(1);
    await server.close();
  });
});

describe('limits', () => {
  const options = { limits: { payloadBytes: 12 } };

  it.each([
    ['JSON', undefined, 9, 10],
    ['MessagePack', codec, 12, 13],
  ])('bytes count as they travel: in %s %#', async (_, agreed, fits, tooMany) => {
    const { server, connected } = testServer(options);
    const ann = await connected('ann', undefined, agreed);
    expect(await ann.publish('room', bytes(fits))).toMatchObject({ t: 'ack' });
    expect(await ann.publish('room', bytes(tooMany))).toMatchObject({ code: 'payload_too_large' });
    expect(await ann.publish('room', 'x'.repeat(10))).toMatchObject({ t: 'ack' });
    expect(await ann.publish('room', 'x'.repeat(11))).toMatchObject({ code: 'payload_too_large' });
    await server.close();
  });
});

describe('hooks and backends', () => {
  it('see a Uint8Array, and may answer with one or replace one', async () => {
    const seen: unknown[] = [];
    const { server, connected } = testServer({
      onPublish: ({ data, event }) => {
        seen.push(data);
        return event === 'shout' ? { data: data instanceof Uint8Array ? 'text' : bytes(2) } : {};
      },
    });
    for (const agreed of [undefined, codec]) {
      const ann = await connected('ann', undefined, agreed);
      await ann.attach('room');
      await ann.publish('room', bytes(3));
      await ann.publish('room', bytes(3), { e: 'shout' });
      await ann.publish('room', 'text', { e: 'shout' });
      await expect.poll(() => ann.data('room')).toEqual([bytes(3), 'text', bytes(2)]);
      ann.end();
    }
    expect(seen).toEqual([bytes(3), bytes(3), 'text', bytes(3), bytes(3), 'text']);
    expect((seen[0] as Uint8Array).constructor).toBe(Uint8Array);
    await server.close();
  });

  it('server.publish takes bytes, and refuses what is inside other data or nested too deeply', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann');
    const bob = await connected('bob', undefined, codec);
    for (const client of [ann, bob]) await client.attach('room');
    await server.publish('room', 'e', Buffer.from(bytes(3)));
    await expect.poll(() => [ann.data('room'), bob.data('room')]).toEqual([[bytes(3)], [bytes(3)]]);
    const invalid = { code: 'invalid' };
    await expect(server.publish('room', 'e', { file: bytes(1) })).rejects.toMatchObject(invalid);
    const deep: unknown = JSON.parse(`${'['.repeat(65)}${']'.repeat(65)}`);
    await expect(server.publish('room', 'e', deep)).rejects.toMatchObject(invalid);
    await server.close();
  });
});
