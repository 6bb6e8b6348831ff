/**
 * Things that rest for a moment before they end, because they often come back: one timer for all of them.
 *
 * @see channels.ts · connection-news.ts · lingering.test.ts
 */
import type { Clock } from './clock.ts';

export interface Lingering<Item> {
  /** It rests from now on, also when it rested before. */
  begin(item: Item): void;
  /** It is back, or has ended otherwise. */
  end(item: Item): void;
  has(item: Item): boolean;
  /** Stops the timer; hands out what was resting. */
  close(): Iterable<Item>;
  readonly size: number;
}

/**
 * @param over - What has rested for `ms`.
 * @param max - Beyond so many, the one that has rested for longest is over.
 */
export function lingering<Item>(
  clock: Clock,
  ms: number,
  over: (item: Item) => void,
  max: number = Infinity,
): Lingering<Item> {
  // In the order of their beginnings, which is the order of their ends.
  const dueOf = new Map<Item, number>();
  let stop: (() => void) | undefined;

  function look(): void {
    stop = undefined;
    for (const [item, due] of dueOf) {
      if (due > clock.now()) break;
      dueOf.delete(item);
      over(item);
    }
    arm();
  }
  function arm(): void {
    for (const due of dueOf.values()) {
      stop ??= clock.schedule(look, Math.max(0, due - clock.now()));
      break;
    }
  }

  function endOldest(): void {
    for (const item of dueOf.keys()) {
      dueOf.delete(item);
      over(item);
      break;
    }
  }

  return {
    begin(item) {
      dueOf.delete(item);
      dueOf.set(item, clock.now() + ms);
      if (dueOf.size > max) endOldest();
      arm();
    },
    end: (item) => void dueOf.delete(item),
    has: (item) => dueOf.has(item),
    close() {
      stop?.();
      stop = undefined;
      const items = [...dueOf.keys()];
      dueOf.clear();
      return items;
    },
    get size() {
      return dueOf.size;
    },
  };
}
