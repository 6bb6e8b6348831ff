/**
 * Time, injected, so that every test of the hub runs in virtual time. The same shape as core's `Clock`, which
 * a server does not import.
 */

/** A source of time and timers. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls `fn` once after `delayMs`; the returned function cancels it and may be called again. */
  schedule(fn: () => void, delayMs: number): () => void;
}

/** The longest delay of a platform's timer, 24.8 days; for a longer one it warns, and calls after 1 ms. */
const maxDelayMs = 2 ** 31 - 1;

/** The platform's clock. Its timers do not keep a process alive: the sockets do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (fn, delayMs) => {
    // `deadlineMs: Infinity` would end everybody at once.
    if (delayMs > maxDelayMs) return () => {};
    const timer: NodeJS.Timeout | number = setTimeout(fn, delayMs);
    // Workers have numbers, and no process to keep alive.
    if (typeof timer === 'object') timer.unref();
    return () => clearTimeout(timer);
  },
};
