import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { tellInSlices } from './drain.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

/** Who was told by when: counts, by ms. */
async function told(
  count: number,
  overMs?: number,
): Promise<{ all: number[]; at: Map<number, number> }> {
  const clock = virtualClock();
  const start = clock.now();
  const all: number[] = [];
  const at = new Map<number, number>();
  const tell = (item: number): void => {
    all.push(item);
    at.set(clock.now() - start, (at.get(clock.now() - start) ?? 0) + 1);
  };
  const telling = tellInSlices(upTo(count), tell, clock, overMs);
  await clock.advance(60_000);
  await telling.told;
  expect(clock.pending).toBe(0);
  return { all, at };
}

describe('telling in slices', () => {
  it('tells 50 at once, as there is no hurry to avoid', async () => {
    const { all, at } = await told(50);
    expect(all).toEqual(upTo(50));
    expect([...at]).toEqual([[0, 50]]);
  });

  it('tells 2,000 over 2 s: 50 every 50 ms, each once and in order', async () => {
    const { all, at } = await told(2_000);
    expect(all).toEqual(upTo(2_000));
    expect([...at]).toEqual(Array.from({ length: 40 }, (_, n) => [n * 50, 50]));
  });

  it('tells 20,000 within 5 s, 200 every 50 ms', async () => {
    const { all, at } = await told(20_000);
    expect(all).toHaveLength(20_000);
    expect(Math.max(...at.values())).toBe(200);
    expect(Math.max(...at.keys())).toBe(4_950);
  });

  it('tells 3 over the 3 s that it was given: one each second', async () => {
    const { at } = await told(3, 3_000);
    expect([...at]).toEqual([
      [0, 1],
      [1_000, 1],
      [2_000, 1],
    ]);
  });

  it('tells all at once over 0 ms, and nobody when there is nobody', async () => {
    expect([...(await told(20_000, 0)).at]).toEqual([[0, 20_000]]);
    expect((await told(0)).all).toEqual([]);
  });

  it('stops when asked to', async () => {
    const clock = virtualClock();
    const heard: number[] = [];
    const telling = tellInSlices(upTo(4), (n) => heard.push(n), clock, 400);
    await clock.advance(100);
    telling.stop();
    await telling.told;
    await clock.advance(1_000);
    expect(heard).toEqual([1, 2]);
    expect(clock.pending).toBe(0);
  });
});

describe('a server that closes', () => {
  it('goes on for drainDelayMs, then tells its 200 clients over drainMs, each to come back within 2 s', async () => {
    const { server, connected, clock } = testServer();
    const clients = await Promise.all(upTo(200).map((n) => connected(`c${n}`)));
    let isClosed = false;
    const closed = server
      .close({ drainDelayMs: 5_000, drainMs: 4_000 })
      .then(() => (isClosed = true));
    await clock.advance(4_999);
    expect(server.stats().connections).toBe(200);
    await clients[0]?.publish('room', 1); // served as before
    await clock.advance(2_001);
    expect(server.stats().connections).toBeGreaterThan(90);
    expect(server.stats().connections).toBeLessThan(110);
    // Who has not been told yet is served to the end.
    await clients[199]?.publish('room', 2);
    expect(isClosed).toBe(false);
    await clock.advance(2_000);
    await closed;
    const delays = await Promise.all(
      clients.map(async (client) => (await client.next('bye')).retryAfterMs ?? -1),
    );
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(2_000);
    expect(new Set(delays).size).toBeGreaterThan(100);
    expect(clock.pending).toBe(0);
  });

  it('is done as soon as its clients have left, before drainMs is over', async () => {
    const { server, connected, clock } = testServer();
    const clients = await Promise.all(upTo(3).map((n) => connected(`c${n}`)));
    const closed = server.close({ drainMs: 60_000 });
    for (const client of clients) client.end();
    await closed;
    expect(clock.pending).toBe(0);
  });

  it('over Infinity ms tells 1 of 3 clients, serves the other 2, and is done when they have left', async () => {
    const { server, connected, clock } = testServer();
    const [ann, bob, cid] = [
      await connected('ann'),
      await connected('bob'),
      await connected('cid'),
    ];
    let isClosed = false;
    const closed = server.close({ drainMs: Infinity }).then(() => (isClosed = true));
    expect(await ann.next('bye')).toMatchObject({ code: 4000 });
    await clock.advance(20_000);
    await bob.publish('room', 1);
    expect(server.stats().connections).toBe(2);
    expect(isClosed).toBe(false);
    bob.end();
    cid.end();
    await closed;
    expect(clock.pending).toBe(0);
  });

  it('tells a client that comes in the middle at once', async () => {
    const { server, connected, join, clock } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    const closed = server.close({ drainMs: 60_000 });
    expect(await ann.next('bye')).toMatchObject({ code: 4000 });
    expect(await join().closed).toMatchObject({ code: 4000 });
    bob.end();
    await closed;
    expect(clock.pending).toBe(0);
  });
});
