/** The chat's server as a process: what it says, what it refuses to hand out, and how it ends. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { spawnChat, startChat, type ChatProcess } from './chat-process.ts';

let server: ChatProcess | undefined;

afterEach(async () => {
  await server?.kill();
  server = undefined;
});

/** A path as it is written: `fetch` would tidy it up. */
function statusOf(port: number, path: string, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, method, host: 'localhost', agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end();
  });
}

it('hands out the page with its types and a policy, and nothing else', async () => {
  server = await startChat();
  const { url, port } = server;
  const types = new Map<string, string | null>();
  for (const path of ['/', '/page.js', '/page.css', '/icon.svg']) {
    const response = await fetch(url + path);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    types.set(path, response.headers.get('content-type'));
    await response.arrayBuffer();
  }
  expect([...types.values()]).toEqual([
    'text/html; charset=utf-8',
    'text/javascript; charset=utf-8',
    'text/css; charset=utf-8',
    'image/svg+xml',
  ]);
  expect(await statusOf(port, '/healthz')).toBe(200);
  for (const path of [
    '/../server.ts',
    '/%2e%2e/server.ts',
    '//etc/passwd',
    '/page/main.ts',
    '/server.ts',
  ])
    expect([path, await statusOf(port, path)]).toEqual([path, 404]);
  expect(await statusOf(port, '/', 'PUT')).toBe(405);
});

it.each([
  ['no name', '{}', 400],
  ['a name of 41 characters', JSON.stringify({ name: 'x'.repeat(41) }), 400],
  ['no JSON', '{', 400],
  ['5,000 bytes', JSON.stringify({ name: 'x'.repeat(5_000) }), 413],
])('refuses a token for %s', async (_, body, status) => {
  server = await startChat();
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server.url}/token`, { method: 'POST', headers, body });
  expect(response.status).toBe(status);
  expect(await response.text()).not.toBe('');
});

it('says in one line that its port is taken, and exits with 1', async () => {
  server = await startChat();
  const { child, output } = spawnChat({ port: server.port });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  expect(output()).toMatch(new RegExp(`^Port ${server.port} is taken.*\\n$`));
});

it('says in one line that its database is in use, or is none, and exits with 1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'anywire-chat-'));
  const database = join(folder, 'chat.db');
  const outcome = async (file: string): Promise<[code: number, output: string]> => {
    const { child, output } = spawnChat({ database: file });
    const [code] = (await once(child, 'close')) as [number];
    return [code, output()];
  };
  server = await startChat({ database });
  const [code, output] = await outcome(database);
  expect(code).toBe(1);
  expect(output).toMatch(/^.*another process uses it; choose another file with CHAT_DATABASE=…\n$/);
  const [other, said] = await outcome(join(folder, 'nowhere', 'chat.db'));
  expect(other).toBe(1);
  expect(said).toMatch(/^.*there is no such folder.*\n$/);
  rmSync(folder, { recursive: true, force: true });
});

it.each(['SIGINT', 'SIGTERM', 'disconnect'] as const)(
  'ends with 0 within 2 s of the first %s, also when a second one follows',
  async (reason) => {
    server = await startChat({ ipc: true });
    const { child } = server;
    const unfinished = connect(server.port, 'localhost').on('error', () => {});
    await once(unfinished, 'connect');
    unfinished.write('GET / HTTP/1.1\r\n');
    const exited = once(child, 'exit');
    const startedAt = performance.now();
    if (reason === 'disconnect') child.disconnect();
    else child.kill(reason);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(server.output()).toBe(`Anywire chat: ${server.url}\n`);
    unfinished.destroy();
  },
);
