import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { deadlines, delayQueue, expiryWatch } from './deadlines.ts';

describe('a delay queue', () => {
  it('gives each item back after the delay, in order, with one timer', async () => {
    const clock = virtualClock();
    const out: string[] = [];
    const queue = delayQueue<string>(clock, 1_000, (item) => out.push(item));
    queue.add('a');
    await clock.advance(400);
    queue.add('b');
    queue.add('c');
    expect(clock.pending).toBe(1);
    await clock.advance(600);
    expect(out).toEqual(['a']);
    await clock.advance(400);
    expect(out).toEqual(['a', 'b', 'c']);
    expect(clock.pending).toBe(0);
  });

  it('takes items that are added while others are given back', async () => {
    const clock = virtualClock();
    const out: number[] = [];
    const queue = delayQueue<number>(clock, 10, (item) => {
      out.push(item);
      if (item < 3) queue.add(item + 1);
    });
    queue.add(1);
    await clock.advance(30);
    expect(out).toEqual([1, 2, 3]);
  });

  it('gives nothing back after close', async () => {
    const clock = virtualClock();
    const queue = delayQueue<number>(clock, 10, () => expect.unreachable());
    queue.add(1);
    queue.close();
    expect(clock.pending).toBe(0);
    await clock.advance(20);
  });
});

describe('an expiry watch', () => {
  const setup = (): {
    clock: ReturnType<typeof virtualClock>;
    ended: string[];
    watch: ReturnType<typeof expiryWatch<{ expiresAt: number | undefined; name: string }>>;
    item(name: string, inMs?: number): { expiresAt: number | undefined; name: string };
  } => {
    const clock = virtualClock();
    const ended: string[] = [];
    const watch = expiryWatch<{ expiresAt: number | undefined; name: string }>(clock, ({ name }) =>
      ended.push(name),
    );
    const item = (
      name: string,
      inMs?: number,
    ): { expiresAt: number | undefined; name: string } => ({
      name,
      expiresAt: inMs === undefined ? undefined : clock.now() + inMs,
    });
    return { clock, ended, watch, item };
  };

  it('ends each item in its time, with one timer', async () => {
    const { clock, ended, watch, item } = setup();
    watch.watch(item('late', 500));
    watch.watch(item('early', 100));
    watch.watch(item('never'));
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(ended).toEqual(['early']);
    await clock.advance(400);
    expect(ended).toEqual(['early', 'late']);
    expect(clock.pending).toBe(0);
  });

  it('looks again when an item lasts longer, and forgets one that is gone', async () => {
    const { clock, ended, watch, item } = setup();
    const renewed = item('renewed', 100);
    const gone = item('gone', 100);
    watch.watch(renewed);
    watch.watch(gone);
    renewed.expiresAt = clock.now() + 300;
    watch.watch(renewed);
    watch.forget(gone);
    await clock.advance(299);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['renewed']);
  });

  it('waits for 60 days, which a timer of 31 bits cannot', async () => {
    const { clock, ended, watch, item } = setup();
    const days = 86_400_000;
    watch.watch(item('old', 60 * days));
    expect(clock.nextInMs).toBeLessThan(2 ** 31);
    await clock.advance(60 * days - 1);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['old']);
  });

  it('looks at most 50 times a second', async () => {
    const { clock, ended, watch, item } = setup();
    for (let n = 0; n < 100; n++) watch.watch(item(`${n}`, n));
    await clock.advance(19);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toHaveLength(21);
  });
});

describe('a deadline', () => {
  const late = (): Error => new Error('late');

  it('passes an answer or a failure on, and leaves no timer', async () => {
    const clock = virtualClock();
    const bound = deadlines(clock, 100);
    await expect(bound.within(Promise.resolve(1), late)).resolves.toBe(1);
    await expect(bound.within(Promise.reject(new Error('no')), late)).rejects.toThrow('no');
    expect(clock.pending).toBe(0);
  });

  it('rejects when no answer has come in time, or at close', async () => {
    const clock = virtualClock();
    const bound = deadlines(clock, 100);
    const first = expect(bound.within(new Promise(() => {}), late)).rejects.toThrow('late');
    await clock.advance(100);
    await first;
    const second = expect(bound.within(new Promise(() => {}), late)).rejects.toThrow('late');
    bound.close();
    await second;
    expect(clock.pending).toBe(0);
  });
});
