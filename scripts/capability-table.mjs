/**
 * Writes what adapters can do into docs/adapters.md, from the reports of the conformance suite; so the page says
 * what was tested, and nothing else.
 *
 *     ANYWIRE_CONFORMANCE_REPORTS=.reports/conformance npx vitest run --project conformance
 *     node scripts/capability-table.mjs .reports/conformance [--check]
 *
 * A report whose name is one word is an adapter, and a column, and so is each of `setups`; others are variants of one, for the
 * suite alone.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { capabilityRows, resultRows } from './capability-rows.mjs';
import { root } from './process.mjs';

/** @typedef {import('../packages/testkit/src/report.ts').ConformanceReport} Report */

/** One adapter can do more or less by how the app sets it up. */
const setups = ['pusher with client events', 'pusher with a backend', 'pusher with a store'];

const page = `${root}docs/adapters.md`;
const section = /(<!-- made by scripts\/capability-table.mjs -->\n)[^]*(<!-- until here -->)/;

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(main(process.argv.slice(2)));

/** @param {string[]} args */
function main(args) {
  const isCheck = args.includes('--check');
  const folder = args.find((arg) => !arg.startsWith('--')) ?? `${root}.reports/conformance`;
  const reports = existsSync(folder) ? readReports(folder) : [];
  if (reports.length === 0) {
    console.error(
      `${folder} has no reports. Run the conformance project with ANYWIRE_CONFORMANCE_REPORTS.`,
    );
    return 1;
  }
  const before = readFileSync(page, 'utf8');
  const after = before.replace(
    section,
    (_, start, end) => `${start}\n${tableOf(reports)}\n\n${end}`,
  );
  if (before === after) {
    console.log(
      `docs/adapters.md says what ${reports.map(({ name }) => name).join(' and ')} can do`,
    );
    return 0;
  }
  if (isCheck) {
    console.error(
      'docs/adapters.md is not what the reports say: node scripts/capability-table.mjs',
    );
    return 1;
  }
  writeFileSync(page, after);
  console.log('docs/adapters.md: written');
  return 0;
}

/** @param {string} folder @returns {Report[]} adapters, by name */
function readReports(folder) {
  return globSync(`${folder}/*.json`)
    .map((file) => /** @type {Report} */ (JSON.parse(readFileSync(file, 'utf8'))))
    .filter(({ name }) => !name.includes(' ') || setups.includes(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The section of the page, as Markdown. @param {readonly Report[]} reports */
export function tableOf(reports) {
  const row = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  const lines = [
    row(['', ...reports.map(({ name }) => `**${name}**`)]),
    row(['---', ...reports.map(() => '---')]),
    ...capabilityRows.map(([title, of]) =>
      row([title, ...reports.map(({ capabilities }) => of(capabilities))]),
    ),
    ...resultRows.map(([title, of]) => row([title, ...reports.map((report) => of(report))])),
  ];
  return [lines.join('\n'), ...reports.flatMap(untested)].join('\n\n');
}

/** Cases that follow from the capabilities, and that the backend cannot be made to suffer. @param {Report} report */
function untested({ name, leftOut }) {
  const hidden = leftOut.filter(({ reason }) => reason !== 'not declared');
  if (hidden.length === 0) return [];
  const items = hidden.map(({ area, title, reason }) => `- ${area}: ${title} (${reason})`);
  return [
    `Not tested on **${name}**, although it declares what they are about:\n\n${items.join('\n')}`,
  ];
}
