/**
 * How the clients of a server that goes away are told: in slices over a time, each client to come back after a
 * delay of its own. All at once would be one long turn of the event loop here, and a storm where they come back.
 *
 * @see life.ts, which closes · drain.test.ts
 */
import type { Clock } from './clock.ts';
import { defaults } from './options.ts';

/** Between two slices, in ms: many clients a slice, and no long turn. */
const sliceMs = 50;
/** Without `drainMs`: so much for each client … */
const clientMs = 1;
/** … and no more than this. */
const maxDrainMs = 5_000;

export interface CloseOptions {
  /**
   * How long the server goes on as before while `readyz` answers 503 already, in ms: what a load balancer needs to
   * notice. @default 0
   */
  readonly drainDelayMs?: number;
  /**
   * Clients are told one after the other over this time, in ms; `Infinity`: the first alone, and it is over when the others have
   * left by themselves. @default 1 ms for each, at most 5_000
   */
  readonly drainMs?: number;
  /** How long clients may take to answer after the last was told, in ms; then their sockets are destroyed; `Infinity`: never. @default 5_000 */
  readonly deadlineMs?: number;
}

export interface Telling {
  /** After the last, or `stop`. */
  readonly told: Promise<void>;
  /** Tells nobody any more. */
  stop(): void;
}

/** Calls `tell` for each of `all`, evenly over `overMs`; the first at once. */
export function tellInSlices<Item>(
  all: readonly Item[],
  tell: (item: Item) => void,
  clock: Clock,
  overMs: number = Math.min(all.length * clientMs, maxDrainMs),
): Telling {
  const slices = Math.max(1, Math.min(Math.ceil(overMs / sliceMs), all.length));
  // Rounded once for both neighbours, so that each is in one slice.
  const start = (slice: number): number => Math.floor((all.length * slice) / slices);
  let cancel = (): void => {};
  let stop = (): void => {};
  const told = new Promise<void>((resolve) => {
    stop = () => {
      cancel();
      resolve();
    };
    const turn = (slice: number): void => {
      for (const item of all.slice(start(slice), start(slice + 1))) tell(item);
      if (slice + 1 === slices) resolve();
      else cancel = clock.schedule(() => turn(slice + 1), overMs / slices);
    };
    turn(0);
  });
  return { told, stop: () => stop() };
}

/** When one client may come back, in ms: each at a time of its own. */
export function comeBackMs(): number {
  return Math.floor(Math.random() * defaults.closeSpreadMs);
}

/** Resolves after `ms`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(resolve, ms));
}
