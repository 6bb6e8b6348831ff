/** Time, given from outside so that tests need not wait. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs `task` after `ms`; answers how to call it off. */
  schedule(task: () => void, ms: number): () => void;
}

/** A timer longer than 24.8 days would fire at once. */
const longestMs = 2_147_483_647;

/** The machine's own. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(task, ms) {
    const timer = setTimeout(task, Math.min(ms, longestMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
