/**
 * How the properties run: how often, from which seed, and the proof that each of them can fail.
 *
 * A failure prints its seed and the shortest counterexample; it becomes a test of its own, beside the code.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { seed } from '../../../../tests/seed.ts';
import { scale } from '../../../../tests/tier.ts';
import type { Adapter, Link } from '../../src/contract.ts';

/** How often each property runs. */
export const runs: number = scale(200, 10_000);

/** What a test of this folder may take. */
export const limitMs: number = scale(60_000, 900_000);

/** `property` is true of {@link runs} random examples. */
export async function holds<Example>(property: fc.IRawProperty<Example>): Promise<void> {
  await fc.assert(property, { seed, numRuns: runs });
}

/**
 * `property`, asked of something that is broken, is false of one of {@link runs} examples: by an assertion. The examples are
 * always the same, so that a rare bug is found each time.
 */
export async function finds<Example>(property: fc.IRawProperty<Example>): Promise<void> {
  const { failed, errorInstance } = await fc.check(property, {
    seed: 1,
    numRuns: runs,
    endOnFailure: true,
  });
  expect(failed, 'the property did not see the seeded bug').toBe(true);
  expect(errorInstance).toHaveProperty('name', 'AssertionError');
}

/** `adapter`, of whose reports some are made by `spoil`. */
export function spoiled(adapter: Adapter, spoil: (link: Link) => Partial<Link>): Adapter {
  const { name, specVersion, capabilities } = adapter;
  return {
    name,
    specVersion,
    capabilities,
    open: (link, resume) => adapter.open({ ...link, ...spoil(link) }, resume),
  };
}
