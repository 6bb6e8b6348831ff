/**
 * Runs `server.fetch` of the packed packages in other runtimes, and talks to it over HTTP from Node: streams and polling.
 *
 * The runtimes come from npm, at these versions, into `.cache/runtimes`: contributors do not need them.
 *
 * @see runtimes/ for the servers · check-consumers.mjs, which unpacks the packages
 */
import { cpSync, globSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { root, run, table } from './process.mjs';

const versions = { bun: '1.4.5', deno: '2.9.6', miniflare: '4.20260730.0' };
const cache = `${root}.cache/runtimes`;
const app = `${root}.cache/consumer`;
/** A round trip takes a second; what hangs shall say so. */
const timeoutMs = 60_000;

mkdirSync(cache, { recursive: true });
writeFileSync(`${cache}/package.json`, JSON.stringify({ private: true, dependencies: versions }));
const installed = await run(['pnpm', 'install', '--ignore-workspace', '--no-lockfile'], {
  cwd: cache,
});
if (installed.code !== 0)
  throw new Error(`the runtimes could not be installed:\n${installed.output}`);
cpSync(`${root}scripts/runtimes/servers`, app, { recursive: true });
cpSync(`${root}scripts/runtimes/round-trip.mjs`, `${app}/round-trip.mjs`);
link('miniflare', `${cache}/node_modules/miniflare`);
link('@hono/node-server', `${root}node_modules/@hono/node-server`);
link('esbuild', `${root}node_modules/esbuild`);

/** @type {[name: string, command: string[]][]} */
const servers = [
  [`Node ${process.versions.node}`, ['node', 'node.mjs']],
  [`Bun ${versions.bun}`, [binary('@oven/bun-*/bin/bun'), 'bun.mjs']],
  [
    `Deno ${versions.deno}`,
    [binary('@deno/*/deno'), 'run', '--allow-all', '--node-modules-dir=manual', 'deno.mjs'],
  ],
  [`workerd (miniflare ${versions.miniflare}), in a Durable Object`, ['node', 'workerd.mjs']],
];
const rows = [];
for (const [name, command] of servers) {
  const { code, output, durationMs } = await run(['node', 'round-trip.mjs', ...command], {
    cwd: app,
    timeoutMs,
  });
  rows.push({
    cells: [name, code === 0 ? 'ok' : 'FAILED', `${(durationMs / 1_000).toFixed(1)} s`],
    code,
    output,
  });
}
console.log(table([['server.fetch in', 'result', 'time'], ...rows.map(({ cells }) => cells)]));
const failed = rows.filter(({ code }) => code !== 0);
for (const { cells, output } of failed) console.log(`\n${cells[0]}\n${output.trimEnd()}`);
process.exit(failed.length === 0 ? 0 : 1);

/** A binary that came as an optional dependency: its package's own install script is not run. @param {string} pattern */
function binary(pattern) {
  const [file] = globSync(`${cache}/node_modules/.pnpm/*/node_modules/${pattern}`);
  if (file === undefined) throw new Error(`no ${pattern} for this platform`);
  return file;
}

/** @param {string} name @param {string} target */
function link(name, target) {
  const path = `${app}/node_modules/${name}`;
  rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
