/**
 * `npm run demo` serves its page, and leaves nothing behind however it is ended.
 *
 * A supervisor signals npm alone, a terminal the whole process group, and a crash signals nobody.
 *
 * @see scripts/run.mjs
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { commandOf, portsOf, processesWith } from './processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The first start on a clean machine gets the toolchain and installs. */
const startMs = 90_000;
const goneMs = 3_000;

let mark: string;

afterEach(() => {
  for (const pid of processesWith(mark)) process.kill(pid, 'SIGKILL');
});

describe.runIf(process.platform === 'linux')('npm run demo', () => {
  it.each([
    ['SIGTERM', 'npm'],
    ['SIGTERM', 'group'],
    ['SIGINT', 'group'],
    ['SIGKILL', 'npm'],
  ] as const)(
    'serves its page, and after %s to the %s is gone within 3 s',
    async (signal, target) => {
      const { npm, address } = await startDemo();
      const page = await fetch(address, { headers: { connection: 'close' } });
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<html');
      const ports = portsOf(processesWith(mark));
      expect(ports).toContain(Number(new URL(address).port));

      process.kill(target === 'group' ? -npm.pid! : npm.pid!, signal);
      // From the signal on, and npm's own process counts: a server that hangs makes npm hang.
      await expect
        .poll(() => processesWith(mark).map(commandOf), { timeout: goneMs, interval: 25 })
        .toEqual([]);
      for (const port of ports) await expectFree(port);
    },
  );
});

async function startDemo(): Promise<{ npm: ChildProcess; address: string }> {
  const id = randomUUID();
  mark = `ANYWIRE_DEMO_TEST=${id}`;
  const npm = spawn('npm', ['run', 'demo'], {
    cwd: root,
    env: { ...process.env, PORT: '0', CHAT_DATABASE: ':memory:', ANYWIRE_DEMO_TEST: id },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const address = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address:\n${output}`)), startMs);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /^Anywire chat: (http:\/\/localhost:\d+)/m.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    npm.stdout.on('data', read);
    npm.stderr.on('data', read);
    npm.on('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code} before it gave an address:\n${output}`));
    });
  });
  return { npm, address: await address };
}

async function expectFree(port: number): Promise<void> {
  const server = createServer().listen(port);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
