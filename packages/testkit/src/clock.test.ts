import { describe, expect, it } from 'vitest';
import { seededRandom, virtualClock } from './clock.ts';

describe('virtualClock', () => {
  it('runs 4 timers in order of time, and of two at 20 ms the one scheduled first', async () => {
    const clock = virtualClock(1_000);
    const ran: string[] = [];
    const note =
      (name: string): (() => void) =>
      () =>
        void ran.push(`${name}@${clock.now()}`);
    clock.schedule(note('c'), 20);
    clock.schedule(note('b'), 10);
    clock.schedule(note('d'), 20);
    clock.schedule(note('a'), 0);
    await clock.advance(25);
    expect(ran).toEqual(['a@1000', 'b@1010', 'c@1020', 'd@1020']);
    expect(clock.now()).toBe(1_025);
    expect(clock.pending).toBe(0);
  });

  it('lets a promise chain of 50 hops end before the next timer', async () => {
    const clock = virtualClock();
    const ran: string[] = [];
    clock.schedule(() => {
      let chain = Promise.resolve();
      for (let hop = 0; hop < 50; hop += 1) chain = chain.then(() => {});
      void chain.then(() => ran.push('chain'));
    }, 1);
    clock.schedule(() => void ran.push('timer'), 1);
    await clock.advance(1);
    expect(ran).toEqual(['chain', 'timer']);
  });

  it('runs a timer that a timer starts, at the time it asked for', async () => {
    const clock = virtualClock(0);
    const ran: number[] = [];
    clock.schedule(() => void clock.schedule(() => ran.push(clock.now()), 5), 5);
    await clock.advance(9);
    expect(ran).toEqual([]);
    expect(clock.nextInMs).toBe(1);
    await clock.advance(1);
    expect(ran).toEqual([10]);
  });

  it('runs nothing during a jump of 1 h, and what came due in it afterwards, late', async () => {
    const clock = virtualClock(0);
    const ran: number[] = [];
    clock.schedule(() => ran.push(clock.now()), 20);
    clock.jump(3_600_000);
    expect(ran).toEqual([]);
    await clock.settle();
    expect(ran).toEqual([3_600_000]);
  });

  it('forgets a cancelled timer, also when it is cancelled twice', async () => {
    const clock = virtualClock();
    const cancel = clock.schedule(() => expect.unreachable(), 5);
    cancel();
    cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(10);
  });

  it('passes on what a timer throws, and stops a loop of 100,000', async () => {
    const clock = virtualClock();
    clock.schedule(() => {
      throw new Error('mine');
    }, 1);
    await expect(clock.advance(1)).rejects.toThrow('mine');
    const again = (): void => void clock.schedule(again, 0);
    again();
    await expect(clock.advance(1)).rejects.toThrow('a loop?');
  });
});

describe('seededRandom', () => {
  it('gives the same 1,000 numbers in [0, 1) for the same seed, and others for another', () => {
    const take = (seed: number): number[] => Array.from({ length: 1_000 }, seededRandom(seed));
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
    expect(take(7).every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
