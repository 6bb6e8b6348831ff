/**
 * Time, as core sees it. Injected, so that every test of core runs in virtual time.
 *
 * @see packages/testkit/src/clock.ts for the virtual one
 */

/** A source of time and timers. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls `fn` once after `delayMs`; the returned function cancels it and may be called again. */
  schedule(fn: () => void, delayMs: number): () => void;
}

/** The platform's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (fn, delayMs) => {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};
