/** A whole server on a database: what its clients see of it. */
import type { BinaryCodec } from '@anywire/protocol';
import { messagePack } from '@anywire/protocol/messagepack';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../../tests/tier.ts';
import { dataOf } from '../../test/support/client.ts';
import { copyDatabase, databaseFiles } from '../../test/support/database-files.ts';
import { testServer } from '../../test/support/pipes.ts';
import { openDatabase } from './database.ts';
import { sqlite, sqliteEngine } from './sqlite.ts';
import { Tables } from './tables.ts';

const newFile = databaseFiles();
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

// The counts of the full tier take longer than the default.
describe('a server on a database', { timeout: 60_000 }, () => {
  const codec = messagePack();
  const values = [null, -1.5, 'ünï\n', { d: [1], b: 1 }, new Uint8Array([0, 255, 128])];
  const pairs: [string, BinaryCodec | undefined, BinaryCodec | undefined][] = [
    ['JSON to MessagePack', undefined, codec],
    ['MessagePack to JSON', codec, undefined],
  ];
  it.each(pairs)(
    'carries values and bytes, live, from a backlog and in a page: %s',
    async (_, from, to) => {
      const { server, connected } = testServer({ engine: sqlite({ file: newFile() }) });
      const ann = await connected('ann', undefined, from);
      const bob = await connected('bob', undefined, to);
      await bob.attach('room');
      for (const value of values) await ann.publish('room', value);
      await expect.poll(() => bob.data('room')).toEqual(values);
      const cat = await connected('cat', undefined, to);
      await cat.attach('room', { rewind: 100 });
      await cat.next('replayed');
      expect(cat.data('room')).toEqual(values);
      const page = await cat.request({ t: 'history', c: 'room', limit: 100, dir: 'forwards' });
      expect(page.t === 'page' && page.items.map(dataOf)).toEqual(values);
      await server.close();
    },
  );

  it('acks publishes of one client in their order', async () => {
    const { server, connected } = testServer({ engine: sqlite({ file: newFile() }) });
    const ann = await connected('ann');
    await ann.attach('room');
    const acks = await Promise.all(numbers(1_500).map((n) => ann.publish('room', n)));
    expect(acks.map((ack) => 's' in ack && ack.s)).toEqual(numbers(1_500));
    expect(ann.data('room')).toEqual(numbers(1_500));
    await server.close();
  });

  const rounds = scale(100, 2_000);
  it(`gives ${rounds} clients that attach amid a stream of messages each a whole piece of it`, async () => {
    const engine = sqlite({ file: newFile() });
    const { connected, server, clock } = testServer({ engine, history: { size: 50 } });
    const ann = await connected('ann');
    let last = 0;
    const publish = (): Promise<unknown> => ann.publish('room', (last += 1));
    for (let round = 0; round < rounds; round++) {
      const bob = await connected('bob', 'bobbobbob');
      const during = [publish(), publish()];
      const { cursor } = await bob.attach('room', round % 2 ? {} : { rewind: 5 });
      await Promise.all([...during, publish()]);
      await bob.hears(last);
      bob.cut();
      const missed = [publish(), publish(), publish()];
      const again = await connected('bob', 'bobbobbob');
      const { s, i } = bob.messages().at(-1) ?? {};
      const resumed = await again.attach('room', { cursor: `${cursor.split(':')[0]}:${s}:${i}` });
      await Promise.all([...missed, publish()]);
      await again.hears(last);
      again.cut();
      await clock.advance(20); // or the limit on publishes holds them back
      expect(resumed.continuity).toBe('kept');
      const heard = [...bob.messages(), ...again.messages()].map(({ s }) => s);
      const from = heard[0] ?? 0;
      expect(heard).toEqual(numbers(last - from + 1).map((n) => from + n - 1));
    }
    await server.close();
  });

  it('resumes clients after a kill, tells them what they missed, and knows what they sent', async () => {
    const file = newFile();
    const first = testServer({ engine: sqlite({ file }) });
    const ann = await first.connected('ann', 'annannann');
    const bob = first.join('bobbobbob');
    const { resume } = await bob.connect();
    const { cursor } = await ann.attach('room');
    await bob.publish('room', 1);
    const copy = newFile();
    copyDatabase(file, copy);
    await first.server.close();

    const { server, join, connected } = testServer({ engine: sqlite({ file: copy }) });
    const thief = join('bobbobbob');
    await expect(thief.connect()).rejects.toThrow();
    const back = join('bobbobbob');
    await back.connect({ resume });
    const again = await connected('ann', 'annannann');
    expect(await again.attach('room', { cursor })).toMatchObject({ continuity: 'kept' });
    await again.hears(1);
    expect(await back.publish('room', 1)).toMatchObject({ s: 1, dup: true }); // the id that it had
    await back.publish('room', 2);
    await again.hears(2);
    expect(again.data('room')).toEqual([1, 2]);
    await server.close();
  });

  it('refuses a publish while the disk is full, and stores it when it comes again', async () => {
    const database = openDatabase(newFile(), 'normal');
    const engine = sqliteEngine(new Tables(database), 120_000);
    const { server, connected } = testServer({ engine });
    const ann = await connected('ann');
    await ann.attach('room');
    database.exec('PRAGMA max_page_count = 1');
    const text = 'x'.repeat(60_000);
    const i = `${ann.nonce}:7`;
    expect(await ann.publish('room', text, { i })).toMatchObject({ code: 'server_error' });
    expect(ann.data('room')).toEqual([]);
    database.exec('PRAGMA max_page_count = 1000000');
    expect(await ann.publish('room', text, { i })).toMatchObject({ t: 'ack', s: 1 });
    expect(ann.data('room')).toEqual([text]);
    await server.close();
  });
});
