import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { socketServer } from '../test/support/sockets.ts';
import { systemClock } from './clock.ts';

/** The warnings of the process while `work` runs. */
async function warningsOf(work: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const warned = ({ name }: Error): unknown => warnings.push(name);
  process.on('warning', warned);
  await work();
  await new Promise((resolve) => setImmediate(resolve)); // they are told later
  process.off('warning', warned);
  return warnings;
}

describe("the platform's clock", () => {
  it.each([2 ** 31, Infinity])('never calls after %d ms, and warns of nothing', async (delayMs) => {
    let calls = 0;
    const warnings = await warningsOf(async () => {
      const cancel = systemClock.schedule(() => (calls += 1), delayMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
      cancel();
    });
    expect([calls, warnings]).toEqual([0, []]);
  });

  it('a drain with deadlineMs: Infinity waits for 2 clients that do not answer, and warns of nothing', async () => {
    const { server, connected, close } = await socketServer();
    const clients = [await connected('ann'), await connected('bob')];
    // A peer that reads nothing answers no close frame.
    for (const { socket } of clients) socket.pause();
    let isClosed = false;
    const warnings = await warningsOf(async () => {
      const closed = server.close({ deadlineMs: Infinity }).then(() => (isClosed = true));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect([isClosed, server.stats().connections]).toEqual([false, 2]);
      const gone = clients.map(({ socket }) => once(socket, 'close'));
      for (const { socket } of clients) socket.resume();
      for (const [code] of await Promise.all(gone)) expect(code).toBe(4000);
      await closed;
    });
    expect(warnings).toEqual([]);
    await close();
  });
});
