/**
 * Random lives of one channel: messages, rewinds, remounts, cuts, outages, evictions, restarts.
 *
 * @see listening.ts, which plays them
 */
import fc from 'fast-check';

export interface Step {
  readonly act: keyof Acts;
  /** How many, which one, or how long. */
  readonly count: number;
  /** How much crosses after it. */
  readonly pass: number;
}

export type Acts = Readonly<
  Record<
    | 'publish'
    | 'listen'
    | 'stop'
    | 'wait'
    | 'cut'
    | 'evict'
    | 'forget'
    | 'duplicate'
    | 'reorder'
    | Outage,
    (count: number) => unknown
  >
>;
/** It lasts while `count` messages are published. */
type Outage = 'silent for' | 'refused for';

const some = (
  weight: number,
  act: keyof Acts,
  count: fc.Arbitrary<number>,
): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary: fc.record({
    act: fc.constant(act),
    count,
    pass: fc.constantFrom(0, 1, 2, 3, 5, 8, 1_000, 1_000, 1_000, 1_000),
  }),
});
const one = fc.constant(1);

export const scripts: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    some(6, 'publish', fc.integer({ min: 1, max: 4 })),
    some(4, 'listen', fc.nat(8)),
    some(2, 'stop', fc.nat(4)),
    some(2, 'wait', fc.constantFrom(10, 200, 2_600)),
    some(2, 'cut', one),
    some(1, 'silent for', fc.nat(9)),
    some(2, 'refused for', fc.nat(9)),
    some(1, 'evict', one),
    some(1, 'forget', one),
    some(1, 'duplicate', fc.integer({ min: 1, max: 3 })),
    some(2, 'reorder', fc.integer({ min: 2, max: 4 })),
  ),
  { maxLength: 30 },
);
