/**
 * A clock that moves only when a test says so. Timers run in order of time, and everything that they
 * set off (promise chains of any length) has happened before the next one runs.
 *
 * @see clock.test.ts
 */
import type { Clock } from '@anywire/core';

export { seededRandom } from './random.ts';

/** A {@link Clock} under the control of a test. */
export interface VirtualClock extends Clock {
  /**
   * Moves time on by `ms` and runs the timers that come due, also those that they start.
   *
   * @throws what a timer throws; and an Error after 100,000 timers, which is a loop
   */
  advance(ms: number): Promise<void>;
  /** Moves time on by `ms` in which nothing runs, as on a machine that sleeps: timers that came due run late. */
  jump(ms: number): void;
  /** Lets everything happen that needs no time: all microtasks, and what they set off. */
  settle(): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
  /** ms until the next timer; undefined when none waits. */
  readonly nextInMs: number | undefined;
}

interface Timer {
  readonly atMs: number;
  readonly fn: () => void;
}

/** More timers than any test needs in one step; a timer that restarts itself at once gets here. */
const maxTimers = 100_000;

// Taken once, before a test can replace them by fake timers.
const { setImmediate: immediate, MessageChannel: Channel } = globalThis;

/** One turn of the event loop: every microtask, however many hops, has run before it ends. */
function turn(): Promise<void> {
  if (typeof immediate === 'function') return new Promise((resolve) => void immediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new Channel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * A clock that stands still at `startMs` until it is advanced.
 *
 * @param startMs - ms since 1970. @default 1_750_000_000_000
 */
export function virtualClock(startMs = 1_750_000_000_000): VirtualClock {
  const timers = new Set<Timer>();
  let nowMs = startMs;

  /** The earliest timer; of two at the same time, the one that was scheduled first. */
  function first(): Timer | undefined {
    let found: Timer | undefined;
    for (const timer of timers) if (!found || timer.atMs < found.atMs) found = timer;
    return found;
  }

  async function advance(ms: number): Promise<void> {
    const untilMs = nowMs + ms;
    await turn();
    for (let ran = 0; ; ran += 1) {
      const timer = first();
      if (!timer || timer.atMs > untilMs) break;
      if (ran === maxTimers) throw new Error(`${maxTimers} timers ran in ${ms} ms: a loop?`);
      timers.delete(timer);
      nowMs = Math.max(nowMs, timer.atMs);
      timer.fn();
      await turn();
    }
    nowMs = Math.max(nowMs, untilMs);
  }

  return {
    now: () => nowMs,
    schedule(fn, delayMs) {
      const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance,
    jump: (ms) => void (nowMs += ms),
    settle: () => advance(0),
    get pending() {
      return timers.size;
    },
    get nextInMs() {
      const timer = first();
      return timer && timer.atMs - nowMs;
    },
  };
}
