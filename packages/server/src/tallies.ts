/**
 * What is counted by a name from outside: connections of a user or of an address, and a bucket of what they do.
 *
 * An entry lives as long as it has connections, and until its bucket is full again and refuses nothing more: else who comes
 * and goes would begin anew each time. All entries share one timer, and an entry is one object for all connections of its name.
 *
 * @see limiter.ts for users · addresses.ts · addresses.test.ts, limiter.test.ts
 */
import type { Clock } from './clock.ts';
import { delayQueue } from './deadlines.ts';

/** One name. */
export interface Tally {
  readonly name: string;
  connections: number;
  /** When its bucket is full again. @see bucket.ts */
  fullAt: number;
  /** Until then everything is refused that draws from it. */
  refusedUntil: number;
  /** Its end is being waited for, once. */
  isLeaving: boolean;
}

export interface Tallies {
  /** The entry of `name`, made where there is none; it stays while it has connections. */
  of(name: string): Tally;
  /** Lets an entry go some time, to which no connection may have come. */
  settle(tally: Tally): void;
  /** One connection less. */
  release(tally: Tally): void;
  readonly size: number;
  close(): void;
}

/** Timers take no more; an entry that is still needed waits again. */
const maxKeepMs = 86_400_000;

/** @param keepMs - How long an entry without connections stays: the time in which its bucket fills, and 1 s at least. */
export function createTallies(clock: Clock, keepMs: number): Tallies {
  const byName = new Map<string, Tally>();
  const leaving = delayQueue<Tally>(clock, Math.min(keepMs, maxKeepMs), (tally) => {
    tally.isLeaving = false;
    if (tally.connections === 0) leave(tally);
  });

  function leave(tally: Tally): void {
    if (Math.max(tally.fullAt, tally.refusedUntil) <= clock.now()) byName.delete(tally.name);
    else waitFor(tally);
  }
  function waitFor(tally: Tally): void {
    if (tally.isLeaving) return;
    tally.isLeaving = true;
    leaving.add(tally);
  }

  return {
    of(name) {
      let tally = byName.get(name);
      if (!tally) {
        tally = { name, connections: 0, fullAt: 0, refusedUntil: 0, isLeaving: false };
        byName.set(name, tally);
      }
      return tally;
    },
    settle(tally) {
      if (tally.connections === 0) waitFor(tally);
    },
    release(tally) {
      tally.connections -= 1;
      // One that is being waited for goes then.
      if (tally.connections === 0 && !tally.isLeaving) leave(tally);
    },
    get size() {
      return byName.size;
    },
    close() {
      leaving.close();
      byName.clear();
    },
  };
}
