/**
 * Packs every built package and looks at the tarball as a registry and a bundler would:
 * `publint`, `attw` (node16 from ESM and CJS, and bundlers), and the files that must be inside.
 *
 * The tarballs stay in `.cache/packs` for `check-consumers.mjs`.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { packages } from './packages.mjs';
import { mapLimit, root, run, table } from './process.mjs';

const packs = `${root}.cache/packs`;
rmSync(packs, { recursive: true, force: true });

const rows = await mapLimit(packages, 2, check);
console.log(table([['package', 'files', 'publint', 'attw'], ...rows.map(({ cells }) => cells)]));
const details = rows.flatMap(({ problems }) => problems).join('\n');
if (details !== '') console.log(`\n${details}`);
process.exit(details === '' ? 0 : 1);

/** @param {import('./packages.mjs').Package} package_ */
async function check({ folder, path }) {
  /** @type {string[]} */
  const problems = [];
  const into = `${packs}/${folder}`;
  mkdirSync(into, { recursive: true });
  const packed = await run(['pnpm', 'pack', '--pack-destination', into], { cwd: path });
  const tarball = readdirSync(into)[0];
  if (packed.code !== 0 || tarball === undefined) {
    return { cells: [folder, 'not packed', '', ''], problems: [`${folder}: ${packed.output}`] };
  }
  const file = `${into}/${tarball}`;
  const missing = await missingFiles(file);
  if (missing !== '') problems.push(`${folder}: ${missing}`);

  const publint = await run(['pnpm', 'exec', 'publint', 'run', file, '--strict']);
  if (publint.code !== 0) problems.push(`${folder}: publint\n${publint.output}`);

  // node10 resolution knows no `exports`: that one profile cannot pass, and is not supported.
  const attw = await run(['pnpm', 'exec', 'attw', file, '--profile', 'node16', '--no-color']);
  if (attw.code !== 0) problems.push(`${folder}: attw\n${attw.output}`);

  const verdict = (/** @type {{ code: number }} */ { code }) => (code === 0 ? 'ok' : 'FAILED');
  return { cells: [folder, missing || 'ok', verdict(publint), verdict(attw)], problems };
}

/** What is wrong with the list of files in a tarball. @param {string} file */
async function missingFiles(file) {
  const { output } = await run(['tar', '-tzf', file]);
  const files = output.split('\n').filter(Boolean);
  const wanted = ['package/LICENSE', 'package/README.md', 'package/package.json'];
  const absent = wanted.filter((name) => !files.includes(name));
  // `fixtures`: the golden transcripts of the protocol, for writers of other clients and servers;
  // `openapi.json`: the HTTP API, for writers of backends.
  const extra = files.filter(
    (name) => !wanted.includes(name) && !/^package\/((dist|fixtures)\/|openapi\.json$)/.test(name),
  );
  return [
    ...absent.map((name) => `lacks ${name.slice('package/'.length)}`),
    ...extra.map((name) => `holds ${name.slice('package/'.length)}`),
  ].join(', ');
}
