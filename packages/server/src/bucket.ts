/**
 * Token buckets, each as one number: the time at which it is full again. A bucket that nobody draws from costs nothing: no
 * timer fills it, and one that has never been used is 0.
 *
 * The generic cell rate algorithm: what is drawn moves that time away from now, and `burst` is how far it may move.
 *
 * @see ITU-T I.371, Annex A · limiter.ts, which keeps the numbers · bucket.test.ts
 */

/** How fast a bucket fills, and how much it holds. */
export interface Rate {
  /** One more after so many ms. */
  readonly everyMs: number;
  /** From empty to full. */
  readonly fillMs: number;
}

/** @param burst - At once, from a full bucket. */
export function rate(perSecond: number, burst: number): Rate {
  const everyMs = 1_000 / perSecond;
  // Without a bound there is nothing to fill; 0 * Infinity would be no number.
  return { everyMs, fillMs: everyMs === 0 ? 0 : everyMs * burst };
}

/** When the bucket is full again after `count` more. The caller keeps it, unless {@link waitMs} says that they may not be. */
export function drawn(fullAt: number, now: number, { everyMs }: Rate, count = 1): number {
  return Math.max(fullAt, now) + count * everyMs;
}

/** How long until a bucket that is full at `fullAt` would be within its bounds; 0 or less: it is. */
export function waitMs(fullAt: number, now: number, { fillMs }: Rate): number {
  // Half of a microsecond: sums of 1,000 / 3 do not add up to whole numbers.
  return fullAt - now - fillMs - 0.000_5;
}
