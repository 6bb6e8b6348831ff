import { virtualClock } from '@anywire/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { scale } from '../../../tests/tier.ts';
import { describeEngine } from '../test/support/engine-conformance.ts';
import type { Engine, EngineHost, Slice } from './engine.ts';
import { memory } from './memory.ts';

describeEngine('memory', () => {
  const clock = virtualClock();
  return { create: () => memory(), clock, pass: (ms) => clock.advance(ms) };
});

// The count of the full tier takes longer than the default.
describe('memory: forgetting', { timeout: 60_000 }, () => {
  const minute = 60_000;
  const engines: Engine[] = [];
  afterEach(() => {
    for (const engine of engines.splice(0)) void engine.close();
  });

  function open(ttlMs: number): {
    engine: ReturnType<typeof memory>;
    clock: ReturnType<typeof virtualClock>;
  } {
    const clock = virtualClock();
    const engine = memory();
    engines.push(engine);
    const nothing = (): void => {};
    const host: EngineHost = {
      clock,
      log: nothing,
      retention: () => ({ size: 10, ttlMs }),
      message: nothing,
      volatile: nothing,
      presence: nothing,
      reset: nothing,
    };
    void engine.open(host);
    return { engine, clock };
  }
  const publish = (engine: Engine, channel: string, now: number): unknown =>
    engine.append(channel, { id: 'n:1', timestamp: now, tail: ',"d":1}' });

  const names = scale(100_000, 1_000_000);
  it(`holds none of ${names} names that were published to or attached to once`, async () => {
    const { engine, clock } = open(minute);
    for (let n = 0; n < names; n++) {
      if (n % 2 === 0) void publish(engine, `name ${n}`, clock.now());
      else void engine.subscribe(`name ${n}`);
      if (n % 2 === 1) void engine.unsubscribe(`name ${n}`);
    }
    expect(engine.size).toBe(names);
    await clock.advance(10 * minute);
    expect(engine.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('is not made by reading, leaving or a volatile message', () => {
    const { engine } = open(minute);
    void engine.read('c', { direction: 'forwards', limit: 1, maxBytes: 1 });
    void engine.leave('c', { clientId: 'a', instanceId: 'b' });
    void engine.members('c');
    void engine.unsubscribe('c');
    expect(engine.size).toBe(0);
  });

  it('spares a channel with a subscriber, a member or a message', async () => {
    const { engine, clock } = open(60 * minute);
    void engine.subscribe('subscribed');
    void engine.enter(
      'entered',
      { clientId: 'a', instanceId: 'b', connectionId: 'k', hold: 'k', data: '1' },
      9,
    );
    void publish(engine, 'published', clock.now());
    await clock.advance(30 * minute);
    expect(engine.size).toBe(3);
    await clock.advance(31 * minute);
    expect(engine.size).toBe(2);
  });

  it('gives a forgotten channel a new epoch', async () => {
    const { engine, clock } = open(minute);
    const epochOf = (): string => {
      void engine.subscribe('c');
      const { epoch } = engine.read('c', { direction: 'forwards', limit: 0, maxBytes: 1 }) as {
        epoch: string;
      };
      void engine.unsubscribe('c');
      return epoch;
    };
    const epoch = epochOf();
    await clock.advance(2 * minute - 1_000);
    expect(epochOf()).toBe(epoch);
    await clock.advance(4 * minute);
    expect(epochOf()).not.toBe(epoch);
  });

  it('takes an id again after its window, with a new serial', async () => {
    const { engine, clock } = open(60 * minute);
    await publish(engine, 'c', clock.now());
    await clock.advance(5 * minute);
    expect(await publish(engine, 'c', clock.now())).toMatchObject({ serial: 2, duplicate: false });
  });

  it('keeps at most so many bytes of all channels together, and counts what expires', async () => {
    const clock = virtualClock();
    const engine = memory({ maxBytes: 100_000 });
    engines.push(engine);
    const reset = (): void => {};
    const sink = { message: reset, volatile: reset, presence: reset, reset };
    const retention = (): { size: number; ttlMs: number } => ({ size: 100, ttlMs: minute });
    void engine.open({ clock, log: reset, retention, ...sink });
    const read = (channel: string): readonly { frame: { bytes: number } }[] =>
      (engine.read(channel, { direction: 'backwards', limit: 1e6, maxBytes: 1e9 }) as Slice)
        .entries;
    const total = (): number =>
      ['a', 'b', 'c'].flatMap(read).reduce((sum, { frame }) => sum + frame.bytes, 0);
    const fill = (): void => {
      for (let n = 0; n < 300; n++) {
        const tail = `,"d":"${'x'.repeat((n * 37) % 3_000)}"}`;
        const channel = ['a', 'b', 'c'][n % 3] ?? '';
        void engine.append(channel, { id: `${clock.now()}:${n}`, timestamp: clock.now(), tail });
        expect(total()).toBeLessThanOrEqual(100_000);
        expect(read(channel).length).toBeGreaterThan(0);
      }
      expect(total()).toBeGreaterThan(40_000);
    };
    for (let round = 0; round < 5; round++) {
      fill();
      await clock.advance(2 * minute);
      expect(total()).toBe(0);
    }
  });

  it('leaves no timer', async () => {
    const { engine, clock } = open(minute);
    void engine.subscribe('c');
    expect(clock.pending).toBe(1);
    await engine.close();
    expect(clock.pending).toBe(0);
  });
});
