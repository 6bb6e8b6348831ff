import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

describe('what goes out', () => {
  it('leaves once a tick: messages, acks and pongs in one write', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    await ann.attach('room');
    ann.transport.writes.length = 0;
    ann.send({ t: 'ping' });
    const acks = [ann.publish('room', 1), ann.publish('room', 2)];
    await Promise.all(acks);
    expect(ann.transport.writes).toEqual([5]);
    expect(ann.all.slice(-5).map(({ t }) => t)).toEqual([
      'pong',
      'message',
      'ack',
      'message',
      'ack',
    ]);
  });

  it('is one frame object for 100 receivers', async () => {
    const { connected } = testServer();
    const frames = new Set<unknown>();
    const clients = [];
    for (let n = 0; n < 100; n++) {
      const client = await connected();
      await client.attach('room');
      const write = client.transport.write.bind(client.transport);
      client.transport.write = (given) => {
        frames.add(given);
        write(given);
      };
      clients.push(client);
    }
    await (await connected('ann')).publish('room', 1);
    await Promise.all(clients.map((client) => client.hears(1)));
    expect(frames.size).toBe(1);
  });

  it('is written within the tick when it is a lot, so that a burst is not a slow client', async () => {
    const { connected, server } = testServer();
    const ann = await connected('ann');
    await ann.attach('room');
    const text = 'x'.repeat(60_000);
    for (let n = 0; n < 40; n++) void server.publish('room', 'e', [n, text]); // 2.4 MB in one tick
    await ann.hears([39, text]);
    expect(ann.data()).toHaveLength(40);
  });
});

describe('a slow client', () => {
  it('ends with 4001 when more than 1 MiB waits for it; the others notice nothing', async () => {
    const { connected, server } = testServer();
    const [slow, fast] = [await connected('slow'), await connected('fast')];
    const { cursor } = await slow.attach('room');
    await fast.attach('room');
    slow.transport.isStalled = true;
    const text = 'x'.repeat(10_000);
    for (let n = 1; n <= 200; n++) {
      await server.publish('room', 'e', [n, text]);
      await fast.hears([n, text]);
      expect(slow.transport.bufferedBytes).toBeLessThan(1_048_576);
    }
    expect(await slow.closed).toMatchObject({ code: 4001 });
    expect(server.stats().connections).toBe(1);

    // It comes back where it was, and nothing is missing.
    const again = await connected('slow');
    expect(await again.attach('room', { cursor })).toMatchObject({ continuity: 'kept' });
    await again.next('replayed');
    expect(again.messages().map(({ s }) => s)).toEqual(
      Array.from({ length: 200 }, (_, n) => n + 1),
    );
  });
});
