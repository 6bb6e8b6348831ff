/**
 * The conformance suite: chooses the cases by what an adapter declares, never by its name, runs them, and
 * holds the number of those that it leaves out.
 *
 * @see README.md for how to run it on an adapter of your own
 */
import { describe, expect, it } from 'vitest';
import { inContext } from './case-context.ts';
import type { ConformanceCase } from './case.ts';
import { conformanceCases } from './cases/index.ts';
import type { ConformanceBackend, ConformanceHarness } from './harness.ts';

/** A case that is not run, and why. */
export interface LeftOut {
  readonly area: string;
  readonly title: string;
  readonly reason: string;
}

/** Runs every case that the adapter's capabilities and the harness's faults allow. */
export function describeAdapter<Backend extends ConformanceBackend>(
  name: string,
  harness: ConformanceHarness<Backend>,
): void {
  const leftOut: LeftOut[] = [];
  describe(`${name} conforms`, () => {
    for (const [area, cases] of conformanceCases) {
      describe(area, () => {
        for (const one of cases) {
          const reason = whyNot(one, harness);
          if (reason === undefined) it(one.title, () => runCase(harness, one));
          else leftOut.push({ area, title: one.title, reason });
        }
      });
    }
    it(`leaves out ${harness.leftOut} cases, and says which`, () => {
      const lines = leftOut.map(({ area, title, reason }) => `${area}: ${title} (${reason})`);
      // eslint-disable-next-line no-console -- what is not tested must be seen
      if (lines.length > 0) console.info(`${name} leaves out\n  ${lines.join('\n  ')}`);
      expect(lines).toHaveLength(harness.leftOut);
    });
  });
}

/** Runs one case; rejects with what does not hold. */
export function runCase<Backend extends ConformanceBackend>(
  harness: ConformanceHarness<Backend>,
  one: ConformanceCase,
): Promise<void> {
  return inContext(harness, (context) => one.run(context));
}

/** Why a case cannot be run with this harness; undefined when it can. */
export function whyNot<Backend extends ConformanceBackend>(
  { needs, faults = [], credentials }: ConformanceCase,
  harness: ConformanceHarness<Backend>,
): string | undefined {
  if (needs && !needs(harness.capabilities)) return 'not declared';
  if (credentials && typeof harness.credentials === 'string') return harness.credentials;
  for (const fault of faults) {
    const reason = harness.faults[fault];
    if (typeof reason === 'string') return `no '${fault}': ${reason}`;
  }
  return undefined;
}
