/**
 * Runs the steps of a task as processes, and ends all of them when the task is told to end.
 *
 * Each step leads a process group of its own, so that what a test runner started (workers, servers,
 * browsers) ends with it. For tasks started by `run.mjs`: ends on SIGINT, SIGTERM or `disconnect`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const killAfterMs = 5_000;
/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
let isStopping = false;

process.on('SIGINT', stop);
process.on('SIGTERM', stop);
process.on('disconnect', stop);

/**
 * Runs one command in the repository.
 *
 * @param {string[]} command
 * @param {{ env?: Record<string, string>, cwd?: string, isShown?: boolean,
 *   timeoutMs?: number }} [options] shown output goes straight to the terminal, other output is collected
 * @returns {Promise<{ code: number, output: string, durationMs: number }>}
 */
export function run(
  [file = '', ...args],
  { env = {}, cwd = root, isShown = false, timeoutMs = 600_000 } = {},
) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
      detached: true,
    });
    running.add(child);
    const timer = setTimeout(() => {
      console.error(`${file} ${args.join(' ')}: no end after ${timeoutMs / 1_000} s, killed`);
      kill(child, 'SIGKILL');
    }, timeoutMs);
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => (output += `${error}\n`));
    child.on('close', (code) => {
      running.delete(child);
      clearTimeout(timer);
      // Told to end: what waits for this step must not go on and start the next.
      if (isStopping) return;
      resolve({ code: code ?? 1, output, durationMs: performance.now() - startedAt });
    });
  });
}

/** Runs `work` for each item, at most `width` at a time. The order of the results is the items'.
 *
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} width
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
export async function mapLimit(items, width, work) {
  /** @type {R[]} */
  const results = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** @param {string[][]} rows the first is the head; numbers are right-aligned */
export function table(rows) {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (/** @type {string[]} */ row) =>
    row
      .map((cell, column) => {
        const width = widths?.[column] ?? 0;
        return /^[\d.,]+( \w+)?$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

function stop() {
  if (isStopping) return;
  isStopping = true;
  killAll('SIGTERM');
  setTimeout(() => killAll('SIGKILL'), killAfterMs).unref();
  const wait = () => (running.size === 0 ? process.exit(130) : setTimeout(wait, 20));
  wait();
}

/** @param {NodeJS.Signals} signal */
function killAll(signal) {
  for (const child of running) kill(child, signal);
}

/** Signals a step with all that it started. @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function kill(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Ended in between.
  }
}
