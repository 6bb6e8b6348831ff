import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { createHeartbeat } from './heartbeat.ts';

describe('the wheel', () => {
  it('turns with one timer, and stands still without connections', async () => {
    const clock = virtualClock();
    const wheel = createHeartbeat<{ heardAt: number }>(clock, 25_000, () => {});
    expect(clock.pending).toBe(0);
    const items = Array.from({ length: 1_000 }, () => ({ heardAt: 0 }));
    for (const item of items) wheel.add(item);
    expect([wheel.size, clock.pending]).toEqual([1_000, 1]);
    expect([...wheel]).toHaveLength(1_000);
    for (const item of items) wheel.delete(item);
    await clock.advance(1_000);
    expect([wheel.size, clock.pending]).toEqual([0, 0]);
  });

  it('gives each connection one turn in 25 s, and spreads them as they came', async () => {
    const clock = virtualClock();
    const beats: number[] = [];
    const wheel = createHeartbeat<{ heardAt: number; at: number }>(clock, 25_000, (item) => {
      beats.push(item.at);
      item.heardAt = wheel.tick;
    });
    for (let at = 0; at < 25; at++) {
      wheel.add({ heardAt: wheel.tick, at });
      await clock.advance(1_000);
    }
    expect(beats).toEqual([0]);
    await clock.advance(24_000);
    expect(beats).toEqual(Array.from({ length: 25 }, (_, at) => at));
    wheel.close();
  });
});

describe('a connection', () => {
  it('gets a ping every 25 s, and stays as long as it answers', async () => {
    const { connected, clock } = testServer();
    const ann = await connected('ann');
    await clock.advance(24_999);
    expect(ann.all.filter(({ t }) => t === 'ping')).toHaveLength(0);
    await clock.advance(600_000);
    await ann.attach('room');
    expect(ann.all.filter(({ t }) => t === 'ping')).toHaveLength(24);
  });

  it('of which nothing is heard for two heartbeats ends with 4002', async () => {
    const { connected, clock } = testServer({ heartbeatMs: 10_000 });
    const ann = await connected('ann');
    ann.answersPings = false;
    await clock.advance(19_999);
    expect(ann.all.map(({ t }) => t)).toEqual(['connected', 'ping']);
    await clock.advance(1);
    expect(await ann.closed).toMatchObject({ code: 4002 });
    expect(clock.pending).toBe(0);
  });

  it('that says anything within two heartbeats stays', async () => {
    const { connected, clock } = testServer({ heartbeatMs: 10_000 });
    const ann = await connected('ann');
    ann.answersPings = false;
    for (let n = 0; n < 10; n++) {
      await clock.advance(15_000);
      await ann.publish('room', n);
    }
  });
});
