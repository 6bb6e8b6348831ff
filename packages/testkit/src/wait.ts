/**
 * Waiting for what happens, never for time: in virtual time the clock moves on only when nothing else can
 * happen; in real time a limit turns a hang into a message.
 */
import type { Store } from '@anywire/core';
import type { VirtualClock } from './clock.ts';

/** Waits for `promise`; an Error that names `what` when it cannot happen any more. */
export type Wait = <Value>(what: string, promise: Promise<Value>) => Promise<Value>;

/** Virtual time that one wait may take: longer than every time-out of core together. */
const maxVirtualMs = 900_000;

/** Waits by moving `clock` on from timer to timer. */
export function waitVirtually(clock: VirtualClock): Wait {
  return async (what, promise) => {
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    promise.then(settled, settled);
    const untilMs = clock.now() + maxVirtualMs;
    for (;;) {
      await clock.settle();
      if (isSettled) return promise;
      if (clock.nextInMs === undefined || clock.now() > untilMs)
        throw new Error(`${what}: nothing is left that could make it happen`);
      await clock.advance(clock.nextInMs);
    }
  };
}

/** Waits at most `limitMs` of real time. */
export function waitReally(limitMs: number): Wait {
  return (what, promise) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${what}: did not happen within ${limitMs} ms`)),
        limitMs,
      );
      promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
}

/** Resolves with the first value, the current one included, that passes `test`. */
export function when<Value>(store: Store<Value>, test: (value: Value) => boolean): Promise<Value> {
  return new Promise((resolve) => {
    const stop = store.subscribe((value) => {
      if (!test(value)) return;
      resolve(value);
      queueMicrotask(() => stop()); // the first call comes before `stop` is there
    });
  });
}

/** A list that grows, and can be waited for. */
export class Collected<Item> {
  readonly items: Item[] = [];
  readonly #wait: Wait;
  readonly #what: string;
  #watchers: readonly (() => void)[] = [];

  constructor(what: string, wait: Wait) {
    this.#what = what;
    this.#wait = wait;
  }

  /** Adds an item; bound, so that it can be handed to `on`. */
  readonly add = (item: Item): void => {
    this.items.push(item);
    for (const look of this.#watchers) look();
  };

  /** Resolves with all items once there are `count`. */
  count(count: number): Promise<readonly Item[]> {
    return this.until(`${count} × ${this.#what}`, (items) => items.length >= count);
  }

  /** Resolves with all items once they pass `test`. */
  until(what: string, test: (items: readonly Item[]) => boolean): Promise<readonly Item[]> {
    const found = new Promise<readonly Item[]>((resolve) => {
      const look = (): void => {
        if (!test(this.items)) return;
        this.#watchers = this.#watchers.filter((other) => other !== look);
        resolve(this.items);
      };
      this.#watchers = [...this.#watchers, look];
      look();
    });
    const waiting = this.#wait(what, found).catch((error: Error) => {
      throw new Error(`${error.message}; so far ${JSON.stringify(this.items)}`);
    });
    waiting.catch(() => {}); // no news once the case has failed
    return waiting;
  }
}
