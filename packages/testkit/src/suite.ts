/**
 * The conformance suite: chooses the cases by what an adapter declares, never by its name, runs them, and
 * holds the number of those that it leaves out.
 *
 * @see README.md for how to run it on an adapter of your own · report.ts for what it says
 */
import { afterAll, describe, expect, it } from 'vitest';
import { inContext } from './case-context.ts';
import type { ConformanceCase } from './case.ts';
import { conformanceCases } from './cases/index.ts';
import type { ConformanceBackend, ConformanceHarness } from './harness.ts';
import { summary, writeReport, type CaseName, type LeftOut } from './report.ts';

/** Runs every case that the adapter's capabilities and the harness's faults allow. */
export function describeAdapter<Backend extends ConformanceBackend>(
  name: string,
  harness: ConformanceHarness<Backend>,
): void {
  const leftOut: LeftOut[] = [];
  /** The error of each case that was to run; undefined once it has passed. */
  const outcomes = new Map<CaseName, string | undefined>();

  describe(`${name} conforms`, () => {
    for (const [area, cases] of conformanceCases) {
      describe(area, () => {
        for (const one of cases) {
          const named = { area, title: one.title };
          const reason = whyNot(one, harness);
          if (reason !== undefined) {
            leftOut.push({ ...named, reason });
            continue;
          }
          outcomes.set(named, 'did not end');
          it(one.title, () =>
            runCase(harness, one).then(
              () => void outcomes.set(named, undefined),
              (error: unknown) => {
                outcomes.set(named, error instanceof Error ? error.message : String(error));
                throw error;
              },
            ),
          );
        }
      });
    }
    const cannot = Object.keys(harness.cannot ?? {});
    if (cannot.length > 0)
      it(`leaves out ${cannot.length} of them by title, each of which would have been run`, () => {
        const all = [...conformanceCases.values()].flat();
        const selected = all.filter((one) => whyNotSelected(one, harness) === undefined);
        expect(selected.map(({ title }) => title)).toEqual(expect.arrayContaining(cannot));
      });
    it(`leaves out ${harness.leftOut} cases, and says which`, () => {
      expect(leftOut.map(({ title }) => title)).toHaveLength(harness.leftOut);
    });

    afterAll(async () => {
      const ended = [...outcomes];
      const passed = ended.filter(([, error]) => error === undefined).map(([named]) => named);
      const failed = ended.flatMap(([named, error]) => (error ? [{ ...named, error }] : []));
      const report = { name, capabilities: harness.capabilities, passed, failed, leftOut };
      // eslint-disable-next-line no-console -- what is not tested must be seen
      console.info(summary(report));
      await writeReport(report, harness.reports);
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
export const whyNot = <Backend extends ConformanceBackend>(
  one: ConformanceCase,
  harness: ConformanceHarness<Backend>,
): string | undefined => whyNotSelected(one, harness) ?? harness.cannot?.[one.title];

function whyNotSelected<Backend extends ConformanceBackend>(
  { needs, faults = [], credentials, otherChannels }: ConformanceCase,
  harness: ConformanceHarness<Backend>,
): string | undefined {
  if (needs && !needs(harness.capabilities)) return 'not declared';
  if (credentials && typeof harness.credentials === 'string') return harness.credentials;
  if (otherChannels && harness.oneChannel !== undefined) return harness.oneChannel;
  for (const fault of faults) {
    const reason = harness.faults[fault];
    if (typeof reason === 'string') return `no '${fault}': ${reason}`;
  }
  return undefined;
}
