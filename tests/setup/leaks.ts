/**
 * Fails a test file that leaves timers, sockets, servers or child processes behind.
 *
 * A leaked timer keeps a user's process alive and makes the next test flaky, and no assertion sees it.
 * Node lists what keeps its event loop alive; this compares the list before and after each file.
 * Closing takes a few turns of the loop, so the list may settle for up to {@link settleMs}.
 *
 * To find the culprit: `ANYWIRE_LEAKS=trace` prints where each leftover was created (slower).
 */
import { createHook } from 'node:async_hooks';
import { afterAll } from 'vitest';

// Taken before a test can replace them by fake timers.
const { setTimeout: realSetTimeout } = globalThis;
const realNow = performance.now.bind(performance);
const settleMs = 1_000;
const pollMs = 10;

/** What a test may create and must end. File requests and the like end by themselves. */
const watched = new Set([
  'Timeout',
  'Immediate',
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'PipeWrap',
  'PipeServerWrap',
  'UDPWrap',
  'ProcessWrap',
  'Worker',
  'MessagePort',
  'FSEventWrap',
  'StatWatcher',
]);

/** Stack lines that are not the test's own code. */
const foreign = /node:|node_modules|<anonymous>|tests\/setup\/leaks/;

const before = count();
const traces = process.env['ANYWIRE_LEAKS'] === 'trace' ? trace() : undefined;

afterAll(async () => {
  const deadline = realNow() + settleMs;
  let left = leftovers();
  while (left.length > 0 && realNow() < deadline) {
    await new Promise((resolve) => realSetTimeout(resolve, pollMs));
    left = leftovers();
  }
  if (left.length === 0) return;
  const hint = traces?.report() ?? 'Run with ANYWIRE_LEAKS=trace to see where they were created.';
  throw new Error(`this file leaves behind: ${left.join(', ')}\n${hint}`);
}, 5_000);

function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (watched.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function leftovers(): string[] {
  const left: string[] = [];
  for (const [kind, now] of count()) {
    const extra = now - (before.get(kind) ?? 0);
    if (extra > 0) left.push(`${extra} × ${kind}`);
  }
  return left;
}

/** Remembers where each watched resource was created, until it is destroyed. */
function trace(): { report(): string } {
  const stacks = new Map<number, string>();
  const kinds = new Set([...watched, 'TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP', 'PROCESSWRAP']);
  createHook({
    init(id, kind) {
      if (!kinds.has(kind)) return;
      const lines = (new Error().stack ?? '').split('\n').slice(2);
      const own = lines.filter((line) => !foreign.test(line));
      if (own.length > 0) stacks.set(id, `${kind} created\n${own.join('\n')}`);
    },
    destroy: (id) => void stacks.delete(id),
  }).enable();
  return { report: () => [...stacks.values()].join('\n') };
}
