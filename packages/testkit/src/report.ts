/**
 * What became of a run of the suite: for people on the console, and as JSON, from which tables are made.
 *
 * @see suite.ts · scripts/capability-table.mjs
 */
import type { Capabilities } from '@anywire/core';

/** A case that was run. */
export interface CaseName {
  readonly area: string;
  readonly title: string;
}

/** A case that is not run, and why. */
export interface LeftOut extends CaseName {
  readonly reason: string;
}

/** One adapter's results. Its JSON is written as `<name>.json`, with dashes for what is no letter or digit. */
export interface ConformanceReport {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly passed: readonly CaseName[];
  readonly failed: readonly (CaseName & { readonly error: string })[];
  readonly leftOut: readonly LeftOut[];
}

/** The environment variable that names the folder for reports. */
const variable = 'ANYWIRE_CONFORMANCE_REPORTS';

/** For people: the numbers, what failed, and what was left out, by its reason. */
export function summary({ name, passed, failed, leftOut }: ConformanceReport): string {
  const reasons = new Set(leftOut.map(({ reason }) => reason));
  return [
    `${name}: ${passed.length} cases passed, ${failed.length} failed, ${leftOut.length} left out`,
    ...failed.map(({ area, title, error }) => `  failed: ${area}: ${title}\n    ${error}`),
    ...[...reasons].flatMap((reason) => [
      `  left out: ${reason}`,
      ...leftOut
        .filter((one) => one.reason === reason)
        .map(({ area, title }) => `    ${area}: ${title}`),
    ]),
  ].join('\n');
}

/** Writes the report into `folder`, or where the environment says. Without either it writes nothing. */
export async function writeReport(report: ConformanceReport, folder?: string): Promise<void> {
  const into = folder ?? (typeof process === 'object' ? process.env[variable] : undefined);
  if (!into) return;
  const { mkdir, writeFile } = await import('node:fs/promises');
  await mkdir(into, { recursive: true });
  const file = `${report.name.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}.json`;
  await writeFile(`${into}/${file}`, `${JSON.stringify(report, null, 2)}\n`);
}
