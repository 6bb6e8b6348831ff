/**
 * All checks of one tier, with a table of what took how long. Every step runs, also after a failure.
 *
 *     node scripts/test.mjs <quick | full> [--after-quick] [step …]
 *
 * `quick` is what a contributor needs, at most 10 minutes on two cores; `full` repeats the tests
 * with the stated counts and checks the packages as they are published. `--after-quick` leaves out
 * the checks of `quick` that would be the very same again. Naming steps runs only those.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { findChromium } from '../tests/chromium.ts';
import { packages } from './packages.mjs';
import { mapLimit, root, run, table } from './process.mjs';

const args = process.argv.slice(2);
const tier = args[0] === 'full' ? 'full' : 'quick';
const isAfterQuick = args.includes('--after-quick');
/** What adapters can do, as the conformance suite has found it. */
const conformance = `${root}.reports/${tier}/conformance`;
const only = args.slice(1).filter((arg) => !arg.startsWith('--'));

/** A step that takes longer hangs: a whole quick run has 10 minutes, a full one 45. */
const stepTimeoutMs = tier === 'full' ? 1_800_000 : 480_000;

/** @typedef {{ name: string, commands: string[][], isQuiet?: boolean, skip?: string }} Step */
/** @typedef {{ name: string, result: string, durationMs: number, isFailed: boolean }} Row */

/** Checks of the text itself: the same in both tiers. @type {Step[]} */
const text = [
  { name: 'format', commands: [['pnpm', 'exec', 'prettier', '--check', '.']], isQuiet: true },
  { name: 'lint', commands: [['pnpm', 'exec', 'eslint', '.', '--max-warnings=0']], isQuiet: true },
  {
    name: 'typecheck',
    commands: [
      ['pnpm', 'exec', 'tsc', '-p', '.'],
      ...packages.map(({ folder }) => ['pnpm', 'exec', 'tsc', '-p', `packages/${folder}`]),
    ],
    isQuiet: true,
  },
  { name: 'layout', commands: [['node', 'scripts/check-layout.mjs']] },
  { name: 'size', commands: [['node', 'scripts/check-size.mjs']] },
];

/** The projects of vitest.config.ts, each a run of its own, so that none can vanish unseen. @type {Step[]} */
const tests = ['unit', 'types', 'conformance', 'faults', 'browser', 'e2e', 'repo'].map(vitest);

/** The packages as users get them. @type {Step[]} */
const published = [
  { name: 'build', commands: [['node', 'scripts/build.mjs']], isQuiet: true },
  { name: 'packages', commands: [['node', 'scripts/check-packages.mjs']] },
  { name: 'consumers', commands: [['node', 'scripts/check-consumers.mjs']] },
  { name: 'runtimes', commands: [['node', 'scripts/check-runtimes.mjs']] },
];

rmSync(`${root}.reports/${tier}`, { recursive: true, force: true });
mkdirSync(`${root}.reports/${tier}`, { recursive: true });

/** @type {Row[]} */
const rows = [];
if (!(tier === 'full' && isAfterQuick)) rows.push(...(await mapLimit(chosen(text), 2, runStep)));
rows.push(...(await mapLimit(chosen(tests), 1, runStep)));
if (tier === 'full') rows.push(...(await mapLimit(chosen(published), 1, runStep)));

const totalMs = performance.now();
console.log(
  `\n${table([
    [`step (${tier})`, 'result', 'seconds'],
    ...rows.map((row) => [row.name, row.result, seconds(row.durationMs)]),
    ['total', rows.some((row) => row.isFailed) ? 'FAILED' : 'ok', seconds(totalMs)],
  ])}`,
);
process.exit(rows.length === 0 || rows.some((row) => row.isFailed) ? 1 : 0);

/** @param {string} project @returns {Step} */
function vitest(project) {
  const needsChromium = project === 'browser' || project === 'e2e';
  const isMissing = needsChromium && findChromium() === undefined && process.env['CI'] !== 'true';
  const report = `--outputFile.json=.reports/${tier}/${project}.json`;
  return {
    name: project,
    commands: [
      `pnpm exec vitest run --project ${project} --reporter=default --reporter=json ${report}`.split(
        ' ',
      ),
      ...(project === 'conformance'
        ? [['node', 'scripts/capability-table.mjs', conformance, '--check']]
        : []),
    ],
    ...(isMissing ? { skip: 'skipped: no Chromium (set CHROMIUM to its path)' } : {}),
  };
}

/** @param {Step[]} steps */
function chosen(steps) {
  return only.length === 0 ? steps : steps.filter((step) => only.includes(step.name));
}

/** @param {Step} step @returns {Promise<Row>} */
async function runStep({ name, commands, isQuiet = false, skip }) {
  if (skip !== undefined) return { name, result: skip, durationMs: 0, isFailed: false };
  let durationMs = 0;
  let isFailed = false;
  let output = '';
  for (const command of commands) {
    const done = await run(command, {
      env: { ANYWIRE_TIER: tier, ANYWIRE_CONFORMANCE_REPORTS: conformance },
      isShown: command.includes('vitest'),
      timeoutMs: stepTimeoutMs,
    });
    durationMs += done.durationMs;
    isFailed ||= done.code !== 0;
    output += done.output;
  }
  if (output !== '' && (isFailed || !isQuiet)) console.log(`\n── ${name}\n${output.trimEnd()}`);
  return { name, result: isFailed ? 'FAILED' : 'ok', durationMs, isFailed };
}

/** @param {number} durationMs */
function seconds(durationMs) {
  return (durationMs / 1_000).toFixed(1);
}
