/** What holds with an engine that answers at once also holds with one that answers later. */
import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { describeEngine } from '../test/support/engine-conformance.ts';
import { testServer } from '../test/support/pipes.ts';
import { slowEngine } from '../test/support/slow-engine.ts';

const random = randomFrom('slow engine');
const turns = (): number => Math.floor(random() * 4);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describeEngine('an engine that answers later', () => {
  const clock = virtualClock();
  return { create: () => slowEngine(turns), clock, pass: (ms) => clock.advance(ms) };
});

// The counts of the full tier take longer than the default.
describe('with an engine that answers later', { timeout: 60_000 }, () => {
  it('publishes of one client in one channel keep their order', async () => {
    const { connected } = testServer({ engine: slowEngine(turns) });
    const ann = await connected('ann');
    await ann.attach('room');
    const acks = await Promise.all(numbers(100).map((n) => ann.publish('room', n)));
    expect(acks.map((ack) => 's' in ack && ack.s)).toEqual(numbers(100));
    await ann.hears(100);
    expect(ann.data('room')).toEqual(numbers(100));
  });

  it('100 publishes of one tick are with the engine before the first of them is answered', async () => {
    const engine = slowEngine(() => 1);
    let unanswered = 0;
    let most = 0;
    const { connected } = testServer({
      engine: {
        ...engine,
        append: async (channel, draft) => {
          most = Math.max(most, (unanswered += 1));
          const appended = await engine.append(channel, draft);
          unanswered -= 1;
          return appended;
        },
      },
    });
    const ann = await connected('ann');
    await Promise.all(numbers(100).map((n) => ann.publish('room', n)));
    expect([most, unanswered]).toEqual([100, 0]);
  });

  const rounds = scale(60, 2_000);
  it(`${rounds} clients that attach amid a stream of messages each get a whole piece of it`, async () => {
    const engine = slowEngine(turns);
    const { connected, server, clock } = testServer({ engine, history: { size: 50 } });
    const ann = await connected('ann');
    let last = 0;
    const publish = async (): Promise<void> => {
      last += 1;
      await ann.publish('room', last);
    };
    for (let round = 0; round < rounds; round++) {
      const bob = await connected('bob', 'bobbobbob');
      const first = last;
      const during = [publish(), publish()];
      const { cursor } = await bob.attach('room', round % 2 ? {} : { rewind: 5 });
      await Promise.all(during);
      bob.cut();
      const missed = [publish(), publish(), publish()];
      const again = await connected('bob', 'bobbobbob');
      const position = bob.messages().at(-1)?.s ?? Number(cursor.split(':')[1]);
      const resumed = await again.attach('room', {
        cursor: `${cursor.split(':')[0]}:${position}:`,
      });
      await Promise.all(missed);
      await publish();
      await again.hears(last);
      again.cut();
      await clock.advance(20); // or the limit on publishes holds them back
      expect(resumed.continuity).toBe('kept');
      const heard = [...bob.messages(), ...again.messages()].map(({ s }) => s);
      const from = heard[0] ?? 0;
      expect(heard).toEqual(numbers(last - from + 1).map((n) => from + n - 1));
      expect(from).toBeLessThanOrEqual(first + 3);
    }
    expect(server.stats().connections).toBe(1);
  });

  it('a watcher ends with the set that there is, whatever happened while it was sent', async () => {
    for (let round = 0; round < scale(30, 500); round++) {
      const { connected, server, clock } = testServer({ engine: slowEngine(turns) });
      const others = [];
      for (const name of ['a', 'b', 'c', 'd']) others.push(await connected(name));
      const watcher = await connected('watcher');
      const changes = others.map(async (client, at) => {
        await client.attach('room', { presence: 'enter', d: 1 });
        if (at % 2 === 0) await client.request({ t: 'leave', c: 'room' });
        else await client.request({ t: 'update', c: 'room', d: 2 });
      });
      await watcher.attach('room', { presence: 'watch' });
      await Promise.all(changes);
      await expect
        .poll(
          async () => {
            await clock.advance(100); // what is told together
            const set = new Map<string, unknown>();
            for (const frame of watcher.all) {
              if (frame.t === 'sync') {
                if (frame.first) set.clear();
                for (const { u, d } of frame.members) set.set(u, d);
              }
              const changes =
                frame.t === 'presence' ? [frame] : frame.t === 'changes' ? frame.changes : [];
              for (const { a, u, d } of changes) {
                if (a === 'leave') set.delete(u);
                else set.set(u, d);
              }
            }
            return [...set].sort();
          },
          { interval: 1 },
        )
        .toEqual([
          ['b', 2],
          ['d', 2],
        ]);
      await server.close();
    }
  });

  it('every nonce is given back, whenever its connection ends', async () => {
    const engine = slowEngine(turns);
    let held = 0;
    const { join, server, clock } = testServer({
      engine: {
        ...engine,
        claim: async (nonce, owners) => {
          const isOurs = await engine.claim(nonce, owners);
          if (isOurs && !owners.includes('server')) held += 1;
          return isOurs;
        },
        release: async (nonce) => {
          held -= 1;
          await engine.release(nonce);
        },
      },
    });
    for (let round = 0; round < scale(60, 1_000); round++) {
      const client = join();
      client.send({ t: 'connect', r: 1, nonce: client.nonce, instance: 'i' });
      for (let left = round % 10; left > 0; left--) await clock.settle();
      client.cut();
    }
    for (let n = 0; n < 10; n++) await clock.settle();
    expect(held).toBe(0);
    await server.close();
  });

  it('a connection that ends while it enters leaves no member behind', async () => {
    for (let round = 0; round < scale(30, 500); round++) {
      const { connected, server, clock } = testServer({ engine: slowEngine(turns) });
      const ann = await connected('ann');
      ann.send({ t: 'attach', r: 99, c: 'room', presence: 'enter', d: 1 });
      for (let left = round % 12; left > 0; left--) await clock.settle();
      ann.cut();
      for (let n = 0; n < 20; n++) await clock.settle();
      await clock.advance(15_000);
      const bob = await connected('bob');
      await bob.attach('room', { presence: 'watch' });
      expect(await bob.next('sync')).toMatchObject({ members: [] });
      await server.close();
    }
  });
});
