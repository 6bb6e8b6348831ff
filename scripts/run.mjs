/**
 * The start of every npm script: gets the toolchain, installs, runs one task, ends cleanly.
 *
 * Written for whatever Node is installed, with no dependency: Node and pnpm of the stated versions
 * come from npm, so a clean clone needs only *a* Node with npm. `npx` is asked where they are and
 * runs nothing itself: a server started inside `npx -c` outlives its npm process.
 *
 * The task is a child with an IPC channel. On SIGINT, SIGTERM, SIGHUP, or when the parent process
 * is gone, the channel is closed, and the child ends on the first of SIGINT, SIGTERM or `disconnect`.
 *
 * @see docs/decisions/0001-toolchain.md, tests/repo/demo.test.ts
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const versions = { node: '24.21.0', pnpm: '10.34.8' };
const root = fileURLToPath(new URL('..', import.meta.url));
const fromSource = '--conditions=@anywire/source';
const parentPollMs = 250;
/** How long a task may take to end by itself, before it is killed. */
const graceMs = 15_000;

/** @type {Record<string, (args: string[]) => string[][]>} each task: commands, one after the other */
const tasks = {
  demo: (args) => [['node', fromSource, 'examples/chat/server.ts', ...args]],
  test: (args) => [['node', 'scripts/test.mjs', 'quick', ...args]],
  'test:full': (args) => [['node', 'scripts/test.mjs', 'full', ...args]],
  build: () => [['node', 'scripts/build.mjs']],
  format: () => [
    ['pnpm', 'exec', 'prettier', '--write', '.'],
    ['pnpm', 'exec', 'eslint', '--fix', '.'],
  ],
  exec: (args) => [['pnpm', 'exec', ...args]],
};

/** @type {import('node:child_process').ChildProcess | undefined} */
let current;
let isStopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stop(), parentPollMs).unref();

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} argv */
async function main([name = '', ...args]) {
  const task = tasks[name];
  if (task === undefined) {
    console.error(`usage: node scripts/run.mjs <${Object.keys(tasks).join(' | ')}>`);
    return 2;
  }
  const env = { ...process.env };
  const found = await locateTools();
  if (found.code !== 0) return fail('Could not get Node and pnpm from npm.', found);
  const folders = found.output.trim().split('\n').map(dirname);
  env.PATH = [...new Set(folders), env.PATH].join(delimiter);

  const install = ['pnpm', 'install', '--frozen-lockfile', '--reporter=append-only'];
  if (!existsSync(`${root}node_modules/.modules.yaml`)) console.log('Installing dependencies …');
  const installed = await run(install, env, 'captured');
  if (installed.code !== 0) return fail('Could not install the dependencies.', installed);

  for (const command of task(args)) {
    const { code } = await run(command, env, 'shown');
    if (code !== 0 || isStopping) return code;
  }
  return 0;
}

/** Answers the paths of the two tools, one a line, downloading them the first time. */
function locateTools() {
  const packages = Object.entries(versions).flatMap(([name, version]) => [
    '-p',
    `${name}@${version}`,
  ]);
  const where = 'command -v node && command -v pnpm';
  return run(['npx', '-y', ...packages, '-c', where], process.env, 'captured');
}

/**
 * Runs one command to its end.
 *
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @param {'shown' | 'captured'} mode a captured command is silent, unless it fails
 * @returns {Promise<{ code: number, output: string, errors: string }>}
 */
function run([file = '', ...args], env, mode) {
  return new Promise((resolve) => {
    if (isStopping) return resolve({ code: 130, output: '', errors: '' });
    const isShown = mode === 'shown';
    // Our own tasks end when the channel closes; a foreign command (pnpm) gets a signal.
    /** @type {'ipc'[]} */
    const channel = file === 'node' ? ['ipc'] : [];
    /** @type {import('node:child_process').StdioOptions} */
    const stdio = isShown
      ? ['inherit', 'inherit', 'inherit', ...channel]
      : ['ignore', 'pipe', 'pipe'];
    const child = spawn(file, args, { cwd: root, env, stdio });
    current = child;
    let output = '';
    let errors = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (errors += chunk));
    child.on('error', (error) => resolve({ code: 127, output, errors: String(error) }));
    // Not 'close' for a task: it does not come after this side has closed the IPC channel.
    child.on(isShown ? 'exit' : 'close', (code, signal) => {
      current = undefined;
      resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 143), output, errors });
    });
  });
}

/** Asks the running command to end; idempotent, for one Ctrl-C may arrive several ways. */
function stop() {
  if (isStopping) return;
  isStopping = true;
  const child = current;
  if (child === undefined) return;
  if (child.connected) child.disconnect();
  else child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
}

/**
 * @param {string} message
 * @param {{ code: number, output: string, errors: string }} result
 */
function fail(message, { code, output, errors }) {
  if (!isStopping) console.error(`${output}${errors}\n${message}`);
  return code;
}
