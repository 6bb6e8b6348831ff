/**
 * Timers that many things share, so that an idle connection costs none.
 *
 * - {@link delayQueue}: things that all wait equally long (a `connect` frame, the grace of a member).
 * - {@link expiryWatch}: things that end at a time of their own (tokens, grants).
 * - {@link deadlines}: answers that are late.
 *
 * @see deadlines.test.ts
 */
import type { Clock } from './clock.ts';

/** Gives each item back, in order, when it has waited long enough. */
export interface DelayQueue<Item> {
  add(item: Item): void;
  close(): void;
}

/** One timer for all items: each is given to `fn` after `delayMs`. */
export function delayQueue<Item>(
  clock: Clock,
  delayMs: number,
  fn: (item: Item) => void,
): DelayQueue<Item> {
  let items: { readonly item: Item; readonly due: number }[] = [];
  let head = 0;
  let stop: (() => void) | undefined;

  function fire(): void {
    stop = undefined;
    for (let next = items[head]; next && next.due <= clock.now(); next = items[head]) {
      head += 1;
      fn(next.item);
    }
    if (head > items.length / 2) {
      items = items.slice(head);
      head = 0;
    }
    arm();
  }
  function arm(): void {
    const next = items[head];
    if (next) stop ??= clock.schedule(fire, Math.max(0, next.due - clock.now()));
  }

  return {
    add(item) {
      items.push({ item, due: clock.now() + delayMs });
      arm();
    },
    close() {
      stop?.();
      stop = undefined;
      items = [];
      head = 0;
    },
  };
}

/** Something that ends. */
export interface Expiring {
  readonly expiresAt: number | undefined;
}

export interface ExpiryWatch<Item extends Expiring> {
  /** Begins, or looks again after `expiresAt` changed. */
  watch(item: Item): void;
  forget(item: Item): void;
  close(): void;
}

/** At most so many looks a second, however many things end. */
const minPauseMs = 20;
/** Node's timers take 31 bits. */
const maxPauseMs = 86_400_000;

/** One timer for all items: each is given to `fn` once its `expiresAt` has come, and forgotten. */
export function expiryWatch<Item extends Expiring>(
  clock: Clock,
  fn: (item: Item) => void,
): ExpiryWatch<Item> {
  const items = new Set<Item>();
  let due = Infinity;
  let stop: (() => void) | undefined;

  function look(): void {
    stop = undefined;
    due = Infinity;
    const now = clock.now();
    let next = Infinity;
    for (const item of items) {
      const { expiresAt = Infinity } = item;
      if (expiresAt > now) {
        next = Math.min(next, expiresAt);
      } else {
        items.delete(item);
        fn(item);
      }
    }
    arm(next);
  }
  function arm(at: number): void {
    if (at >= due) return;
    stop?.();
    due = at;
    const pauseMs = Math.min(Math.max(at - clock.now(), minPauseMs), maxPauseMs);
    stop = clock.schedule(look, pauseMs);
  }

  return {
    watch(item) {
      if (item.expiresAt === undefined) {
        items.delete(item);
      } else {
        items.add(item);
        arm(item.expiresAt);
      }
    },
    forget: (item) => void items.delete(item),
    close() {
      stop?.();
      items.clear();
    },
  };
}

export interface Deadlines {
  /** `answer`, or the rejection that `late` makes when none has come in time. */
  within<Value>(answer: PromiseLike<Value>, late: () => Error): Promise<Value>;
  /** Everything that waits is late now. */
  close(): void;
}

/** Bounds answers by `timeoutMs`. */
export function deadlines(clock: Clock, timeoutMs: number): Deadlines {
  const waiting = new Set<() => void>();
  return {
    within: (answer, late) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void => {
          end();
          reject(late());
        };
        const cancel = clock.schedule(giveUp, timeoutMs);
        const end = (): void => {
          cancel();
          waiting.delete(giveUp);
        };
        waiting.add(giveUp);
        answer.then(
          (value) => {
            end();
            resolve(value);
          },
          (error: unknown) => {
            end();
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      }),
    close() {
      for (const giveUp of waiting) giveUp();
    },
  };
}
