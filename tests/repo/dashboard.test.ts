/** The dashboard's server as its header says to start it: it serves its page, and ends with a reason where it cannot listen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const children = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  children.clear();
});

/** Starts it, and answers what it prints until its address is there, or until it has ended. */
async function start(
  env: Readonly<Record<string, string>>,
): Promise<{ output: string; address: string | undefined; code: number | null }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@anywire/source', 'examples/dashboard/server.ts'],
    { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.add(child);
  let output = '';
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        const address = /^Dashboard: (http:\/\/localhost:\d+)$/m.exec(output)?.[1];
        if (address) resolve({ output, address, code: null });
      });
    child.once('close', (code) => resolve({ output, address: undefined, code }));
  });
}

const get = (address: string): Promise<Response> =>
  fetch(address, { headers: { connection: 'close' } });

describe('node examples/dashboard/server.ts', () => {
  it('serves its page, which may connect to the server of STATS_URL and to nobody else', async () => {
    const { address = '' } = await start({
      PORT: '0',
      STATS_URL: 'http://numbers.example:3006/events',
    });
    const page = await get(address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<html');
    expect(page.headers.get('content-security-policy')).toContain(
      "connect-src 'self' http://numbers.example:3006;",
    );
    const config = (await (await get(`${address}/config.json`)).json()) as unknown;
    expect(config).toEqual({ url: 'http://numbers.example:3006/events' });
  });

  it('ends with 1 and the reason where its port is taken', async () => {
    const { address = '' } = await start({ PORT: '0' });
    const { output, code } = await start({ PORT: new URL(address).port });
    expect(output).toContain('EADDRINUSE');
    expect(code).toBe(1);
  });
});
