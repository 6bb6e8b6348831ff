import { describe, expect, it } from 'vitest';
import { drawn, rate, waitMs } from './bucket.ts';

/** How many of `wanted` may go at `now`; and the bucket after them. */
function take(fullAt: number, now: number, wanted: number, of: ReturnType<typeof rate>) {
  let taken = 0;
  for (; taken < wanted; taken++) {
    const next = drawn(fullAt, now, of);
    if (waitMs(next, now, of) > 0) break;
    fullAt = next;
  }
  return { taken, fullAt };
}

describe('a bucket', () => {
  it.each([1, 3, 7, 500])(
    'of %i a second lets exactly its burst of 10 through at once',
    (speed) => {
      const of = rate(speed, 10);
      expect(take(0, 1_767_225_600_000, 12, of).taken).toBe(10);
    },
  );

  it('of 4 a second fills by one in 250 ms, and is full again after 2,500 ms', () => {
    const of = rate(4, 10);
    const { fullAt } = take(0, 1_000, 10, of);
    expect(take(fullAt, 1_249, 5, of).taken).toBe(0);
    expect(take(fullAt, 1_250, 5, of).taken).toBe(1);
    expect(take(fullAt, 1_500, 5, of).taken).toBe(2);
    expect(take(fullAt, 3_500, 20, of).taken).toBe(10);
    expect(take(fullAt, 99_000, 20, of).taken).toBe(10);
  });

  it('says how long to wait', () => {
    const of = rate(4, 2);
    const { fullAt } = take(0, 0, 2, of);
    expect(waitMs(drawn(fullAt, 0, of), 0, of)).toBeCloseTo(250, 2);
    expect(waitMs(drawn(fullAt, 100, of), 100, of)).toBeCloseTo(150, 2);
  });
});
