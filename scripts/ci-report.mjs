/**
 * Reads what vitest reported and says whether every expected test really ran.
 *
 *     node scripts/ci-report.mjs <failed step count> <tier …>
 *
 * vitest exits 0 for a project whose files vanished, and a skipped test looks like a passed one
 * from afar. So `.ci/expected.json` states each project's least number of tests, and names every
 * test that may be skipped, with a reason. The last line is `N passed, M failed`: the tests of the
 * last tier, for the tiers run the same tests with other counts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { root, table } from './process.mjs';

/** @typedef {{ projects: Record<string, number>, skipped: Record<string, string> }} Expected */
/** @typedef {{ passed: number, failed: string[], skipped: string[], brokenFiles: string[] }} Count */

const [failedSteps = '0', ...tiers] = process.argv.slice(2);
/** @type {Expected} */
const expected = JSON.parse(readFileSync(`${root}.ci/expected.json`, 'utf8'));
/** @type {string[]} */
const problems = [];
const rows = [['project', 'at least', ...tiers]];
/** @type {Map<string, { passed: number, failed: number }>} */
const totals = new Map(tiers.map((tier) => [tier, { passed: 0, failed: 0 }]));

for (const [project, least] of Object.entries(expected.projects)) {
  const cells = tiers.map((tier) => check(project, least, tier));
  rows.push([project, String(least), ...cells]);
}
rows.push(['total', '', ...tiers.map((tier) => String(totals.get(tier)?.passed ?? 0))]);

console.log(`\n${table(rows)}`);
for (const [title, reason] of Object.entries(expected.skipped)) {
  console.log(`skipped as agreed: ${title} (${reason})`);
}
for (const problem of problems) console.log(`FAILED: ${problem}`);

const last = totals.get(tiers.at(-1) ?? '') ?? { passed: 0, failed: 0 };
// A check that is no test (format, size, …) or a problem found here is a failure all the same.
const failed = last.failed || problems.length || Number(failedSteps);
console.log(`${last.passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** @param {string} project @param {number} least @param {string} tier */
function check(project, least, tier) {
  const where = `${project} (${tier})`;
  const count = read(`${root}.reports/${tier}/${project}.json`);
  if (count === undefined) {
    problems.push(`${where}: no report`);
    return 'missing';
  }
  const total = totals.get(tier);
  if (total !== undefined) {
    total.passed += count.passed;
    total.failed += count.failed.length + count.brokenFiles.length;
  }
  for (const failure of count.failed) problems.push(`${where}: ${failure}`);
  for (const file of count.brokenFiles) problems.push(`${where}: failed as a whole: ${file}`);
  if (count.passed < least) problems.push(`${where}: ${count.passed} tests passed, not ${least}`);
  for (const title of count.skipped) {
    if (!(title in expected.skipped)) problems.push(`${where}: skipped without a reason: ${title}`);
  }
  return String(count.passed);
}

/** @param {string} file @returns {Count | undefined} */
function read(file) {
  if (!existsSync(file)) return undefined;
  /** @type {{ testResults: { name: string, status: string, message?: string, assertionResults: { fullName: string, status: string, failureMessages?: string[] }[] }[] }} */
  const report = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {Count} */
  const count = { passed: 0, failed: [], skipped: [], brokenFiles: [] };
  for (const { name, status, message, assertionResults } of report.testResults) {
    const failedBefore = count.failed.length;
    for (const { fullName, status, failureMessages } of assertionResults) {
      const title = `${name.replace(root, '')} > ${fullName}`;
      if (status === 'passed') count.passed += 1;
      else if (status === 'failed')
        count.failed.push(`${title}: ${firstLine(failureMessages?.[0])}`);
      else count.skipped.push(title);
    }
    // All its tests passed, and yet it failed: an import that threw, or something left behind.
    if (status === 'failed' && count.failed.length === failedBefore)
      count.brokenFiles.push(`${name.replace(root, '')}: ${firstLine(message)}`);
  }
  return count;
}

/** @param {string | undefined} text */
function firstLine(text = '') {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
