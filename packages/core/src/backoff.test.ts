import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../tests/tier.ts';
import { seed } from '../../../tests/seed.ts';
import { backoffMs } from './backoff.ts';
import { defaults } from './options.ts';

describe('backoffMs', () => {
  it('has the upper bounds 500 ms, 1 s, 2 s, 4 s, 8 s, 16 s, and 20 s from there on', () => {
    const bounds = [0, 1, 2, 3, 4, 5, 6, 7, 100, 5_000].map((failures) =>
      backoffMs(failures, { ...defaults, random: () => 1 }),
    );
    expect(bounds).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000, 20_000,
    ]);
  });

  it('can be 0: the jitter is full', () => {
    expect(backoffMs(6, { ...defaults, random: () => 0 })).toBe(0);
  });

  it('is within [0, bound) and proportional to the random number, for any settings', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, reconnectMinMs, reconnectMaxMs, random) => {
          const delayMs = backoffMs(failures, {
            reconnectMinMs,
            reconnectMaxMs,
            random: () => random,
          });
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(reconnectMaxMs);
          expect(delayMs).toBeLessThanOrEqual(reconnectMinMs * 2 ** failures);
        },
      ),
      { seed, numRuns: scale(300, 10_000) },
    );
  });
});
