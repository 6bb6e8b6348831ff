import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { SeenWindow } from './seen-window.ts';

const windowOf = (...numbers: number[]): SeenWindow => {
  const window = new SeenWindow();
  for (const n of numbers) window.add(n);
  return window;
};

describe('a window', () => {
  it('has seen nothing at first, 0 included', () => {
    expect([0, 1, 1_024].some((n) => new SeenWindow().has(n))).toBe(false);
  });

  it('knows 5, 7 and the late 6, and nothing else', () => {
    const window = windowOf(5, 7, 6);
    expect([4, 5, 6, 7, 8].map((n) => window.has(n))).toEqual([false, true, true, true, false]);
    expect(window.highest).toBe(7);
  });

  it('knows the last 1,024 of 3,000, and takes older ones for new', () => {
    const window = windowOf(...Array.from({ length: 3_000 }, (_, n) => n + 1));
    expect([1_976, 1_977, 3_000].map((n) => window.has(n))).toEqual([false, true, true]);
  });

  it('a number below the window changes nothing: 1 does not stand for 1,025', () => {
    const window = windowOf(2_000, 1);
    expect([1, 1_025].map((n) => window.has(n))).toEqual([false, false]);
  });

  it('after a jump of 10 billion it knows what is in reach alone', () => {
    const far = 10_000_000_000;
    const window = windowOf(1, 2, far);
    expect([1, 2, far - 1, far].map((n) => window.has(n))).toEqual([false, false, false, true]);
  });

  it('agrees with a set of all numbers, inside the window', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4_000), { maxLength: 300 }), (numbers) => {
        const window = new SeenWindow();
        const seen = new Set<number>();
        for (const n of numbers) {
          const isInside = n > Math.max(...seen, 0) - 1_024;
          if (isInside) expect(window.has(n)).toBe(seen.has(n));
          if (isInside || seen.size === 0) seen.add(n);
          window.add(n);
        }
      }),
      { seed, numRuns: scale(200, 10_000) },
    );
  });
});
