/**
 * The command as a process: what it answers to each mistake, what it prints, and how it ends.
 *
 * @see src/cli
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  readyCommand,
  runCommand,
  type CommandOptions,
  type RunningCommand,
} from './support/command.ts';
import { openClient } from './support/sockets.ts';

const running = new Set<RunningCommand>();
afterEach(async () => {
  for (const { child, ended } of running) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  }
  running.clear();
});

async function started(
  args: readonly string[],
  options?: CommandOptions,
): ReturnType<typeof readyCommand> {
  const command = await readyCommand(['--port', '0', ...args], options);
  running.add(command);
  return command;
}

/** Lines of the log. */
const logged = (stderr: string): Record<string, unknown>[] =>
  stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const secret = 'wo0AhRee7quo';
const config = (members: string): CommandOptions => ({ config: `export default { ${members} };` });

describe('a mistake ends the command with 2, one line that says what to write, and nothing on stdout', () => {
  it.each<[string | RegExp, readonly string[], CommandOptions]>([
    // flags
    ['there is no flag --prot; did you mean "--port"?', ['--prot', '80'], {}],
    ['there is no flag --zzzzzzzz; see --help', ['--zzzzzzzz'], {}],
    ['"8080" is no flag; see --help', ['8080'], {}],
    [`Option '-p, --port <value>' argument missing; see --help`, ['--port'], {}],
    ['--port must be a whole number from 0 to 65535; it is "80a"', ['--port', '80a'], {}],
    ['--port must be a whole number from 0 to 65535; it is "65536"', ['--port', '65536'], {}],
    [
      '--metrics-port must be a whole number from 0 to 65535; it is "x"',
      ['--metrics-port', 'x'],
      {},
    ],
    ['PORT must be a whole number from 0 to 65535; it is "-1"', [], { env: { PORT: '-1' } }],
    ['--path must be a path, like "/anywire"; it is "rt"', ['--path', 'rt'], {}],
    ['--host must be an address, like 0.0.0.0; it is ""', ['--host', ''], {}],
    [
      '--log-level must be one of debug, info, warn, error, silent; it is "inf"; did you mean "info"?',
      ['--log-level', 'inf'],
      {},
    ],
    [
      '--log-level is for the own log of the command: the configuration has another "log"; set its level there',
      ['--log-level', 'warn'],
      config('log: () => {}'),
    ],
    [
      '--sqlite: the configuration has another "engine"; leave out one',
      ['--sqlite', 'a.db'],
      config('engine: { append() {} }'),
    ],
    // the file
    [/^--config: there is no file .*\/none\.mjs$/, ['--config', 'none.mjs'], {}],
    [/^--config: .* is not a file$/, ['--config', '.'], {}],
    [
      `anywire.config.mjs:2: Unexpected token ';'`,
      [],
      { config: 'export default {\n  limits: {;\n};' },
    ],
    [
      'anywire.config.mjs: it exports no options; write "export default { … }"',
      [],
      { config: 'export const limits = {};' },
    ],
    [
      'anywire.config.mjs: the options must be an object; they are 8080',
      [],
      { config: 'export default 8080;' },
    ],
    [
      /^anywire\.config\.mjs: it imports what is not there: Cannot find package '@nobody\/has-this'/,
      [],
      { config: `import '@nobody/has-this'; export default {};` },
    ],
    [
      'options.json: it must be a module; write "export default { … }" into a .mjs file',
      [],
      { config: '{}', configName: 'options.json' },
    ],
    // what is in it
    [
      'anywire.config.mjs: there is no option "authentication"; did you mean "authenticate"?',
      [],
      config('authentication: () => {}'),
    ],
    ['anywire.config.mjs: there is no option "__proto__x"', [], config('"__proto__x": 1')],
    [
      'anywire.config.mjs: there is no option "limits.payloadByte"; did you mean "payloadBytes"?',
      [],
      config('limits: { payloadByte: 1 }'),
    ],
    [
      'anywire.config.mjs: "heartbeatMs" must be a time in ms, 1 or more, like 25000; it is "25s"',
      [],
      config('heartbeatMs: "25s"'),
    ],
    [
      'anywire.config.mjs: "limits.channels" must be a number, 1 or more, like 256; it is 0',
      [],
      config('limits: { channels: 0 }'),
    ],
    [
      'anywire.config.mjs: "limits" must be an object, like { frameBytes: … }; it is null',
      [],
      config('limits: null'),
    ],
    [
      'anywire.config.mjs: "origins" must be a list of origins, like ["https://example.com"] without a path or "/" at the end, or "*"; it is ["https://example.com/"]',
      [],
      config('origins: ["https://example.com/"]'),
    ],
    [
      'anywire.config.mjs: "authorize" must be a function; it is true',
      [],
      config('authorize: true'),
    ],
    [
      'anywire.config.mjs: "engine" must be an engine, like memory(); it is "sqlite"',
      [],
      config('engine: "sqlite"'),
    ],
    [
      'anywire.config.mjs: "listen.port" must be a whole number from 0 to 65535; it is "80"',
      [],
      config('listen: { port: "80" }'),
    ],
    [
      'anywire.config.mjs: "drain.drainMs" must be a time in ms, 0 or more, like 10000; it is -1',
      [],
      config('drain: { drainMs: -1 }'),
    ],
    ['limits.frameBytes must be 91480 or more', [], config('limits: { frameBytes: 66000 }')],
  ])('%s', async (line, args, options) => {
    const command = runCommand(args, options);
    running.add(command);
    const { code, stdout, stderr } = await command.ended;
    const [first = '', ...more] = stderr.split('\n');
    expect({ code, stdout, more }).toEqual({ code: 2, stdout: '', more: [''] });
    const says = first.replace(/^anywire: /, '');
    if (typeof line === 'string') expect(says).toBe(line);
    else expect(says).toMatch(line);
  });

  it('tells of 3 mistakes in one go, and never shows a key', async () => {
    const given = config(`limit: {}, heartbeatMs: -1, serverKey: ["${secret}", 5]`);
    const command = runCommand([], given);
    running.add(command);
    const { code, stderr } = await command.ended;
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'anywire: anywire.config.mjs: there is no option "limit"; did you mean "limits"?',
      'anywire: anywire.config.mjs: "heartbeatMs" must be a time in ms, 1 or more, like 25000; it is -1',
      'anywire: anywire.config.mjs: "serverKey" must be a text without spaces that nobody can guess, or a list of them; it is a list',
    ]);
  });
});

describe('what fails when it is tried ends the command with 1', () => {
  it.each<[string, CommandOptions]>([
    [
      'anywire.config.mjs:2:7: it threw: no database',
      { config: 'export default {};\nthrow new Error("no database");' },
    ],
    [
      'anywire.config.mjs:2:9: its function threw: no secrets',
      { config: 'export default async () => {\n  throw new Error("no secrets");\n};' },
    ],
    [
      'the engine did not open: the disk is full',
      config(
        'engine: { append() {}, open() { throw new Error("the disk is full") }, claim() {}, release() {}, close() {} }, log() {}',
      ),
    ],
  ])('%s', async (line, options) => {
    const command = runCommand(['--port', '0'], options);
    running.add(command);
    expect(await command.ended).toEqual({ code: 1, stdout: '', stderr: `anywire: ${line}\n` });
  });

  it('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const command = runCommand(['--port', `${port}`]);
    running.add(command);
    const { code, stdout, stderr } = await command.ended;
    other.close();
    await once(other, 'close');
    const says = `port ${port} is taken; write --port with another one, or --port 0 for any that is free`;
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `anywire: ${says}\n` });
  });

  it.each([
    ['a folder that is not there', ['--sqlite', 'none/a.db'], /^anywire: --sqlite: .*none\/a\.db/],
    [
      'a file that is no database',
      ['--sqlite', 'anywire.config.mjs'],
      /^anywire: --sqlite: .*anywire\.config\.mjs/,
    ],
  ])('%s', async (_, args, says) => {
    const command = runCommand(['--port', '0', ...args], config(''));
    running.add(command);
    const { code, stderr } = await command.ended;
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(says)]);
  });

  it('an address that is not of this machine', async () => {
    const command = runCommand(['--port', '0', '--host', '192.0.2.1']);
    running.add(command);
    const { code, stderr } = await command.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('"192.0.2.1" is no address of this machine; write --host 127.0.0.1');
  });
});

describe('the command', () => {
  it('says in its only line on stdout where it is, serves clients there, and exits with 0 at SIGTERM', async () => {
    const { ready, child, ended } = await started([]);
    const { port } = new URL(ready.url);
    expect(ready).toEqual({ ready: true, url: `http://127.0.0.1:${port}/anywire`, pid: child.pid });
    const client = await openClient(ready.url.replace('http', 'ws'));
    await client.connect();
    await client.publish('room', { n: 1 });
    expect((await fetch(`${ready.url}/readyz`)).status).toBe(200);
    expect((await fetch(new URL('/', ready.url))).status).toBe(404);
    child.kill('SIGTERM');
    expect(await client.next('bye')).toMatchObject({ code: 4000 });
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([JSON.stringify(ready), '']);
    const lines = logged(stderr).map(({ level, msg }) => `${String(level)} ${String(msg)}`);
    expect(lines).toEqual([
      'info listening',
      'warn everything is allowed: anybody may connect, for there is no "authenticate"',
      'warn everything is allowed: every client may do everything, for there is no "authorize"',
      'info asked to end',
      'info draining',
      'info closed',
    ]);
  });

  it('takes its options from a file, 2 keys from the environment, and never shows a key', async () => {
    const { ready, stderr } = await started(['--path', '/rt', '--log-level', 'debug'], {
      env: { ANYWIRE_SERVER_KEY: `${secret} second-key`, PORT: '1' },
      config: `export default async () => ({
        path: '/other',
        listen: { host: '::1' },
        authenticate: ({ token }) => ({ clientId: token }),
        authorize: ({ channel }) => channel === 'room',
      });`,
    });
    expect(ready.url).toMatch(/^http:\/\/\[::1\]:\d+\/rt$/);
    const publish = (key: string): Promise<Response> =>
      fetch(`${ready.url}/publish`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ channel: 'room', event: 'e', data: 1 }),
      });
    expect((await publish(secret)).status).toBe(200);
    expect((await publish('second-key')).status).toBe(200);
    expect((await publish('other')).status).toBe(403);
    const client = await openClient(ready.url.replace('http', 'ws'));
    await client.connect({ token: 'ann' });
    await client.publish('room', 1);
    expect(await client.publish('elsewhere', 1)).toMatchObject({ code: 'forbidden' });
    client.end();
    await client.closed;
    expect(stderr()).not.toContain(secret);
    expect(stderr()).not.toContain('everything is allowed');
    expect(stderr()).toContain('"msg":"connected"');
  });

  it('drains at SIGTERM: not ready for drainDelayMs, then its clients are told; a second signal ends it', async () => {
    const first = await started([], config('drain: { drainDelayMs: 300, drainMs: 0 }'));
    const client = await openClient(first.ready.url.replace('http', 'ws'));
    await client.connect();
    first.child.kill('SIGTERM');
    await first.says('draining');
    const readyz = await fetch(`${first.ready.url}/readyz`, { headers: { connection: 'close' } });
    expect([readyz.status, await readyz.json()]).toEqual([503, { status: 'draining' }]);
    await client.publish('room', 1);
    expect(await client.closed).toMatchObject({ code: 4000 });
    expect((await first.ended).code).toBe(0);

    const second = await started([], config('drain: { drainDelayMs: 60_000 }'));
    second.child.kill('SIGTERM');
    await second.says('draining');
    // The same Ctrl-C may come twice within 300 ms; what comes later is meant.
    const again = setInterval(() => second.child.kill('SIGINT'), 50);
    const { code, stderr } = await second.ended;
    clearInterval(again);
    expect(code).toBe(1);
    expect(stderr).toContain('ended at once');
  });

  it('keeps its messages in a file, also when it is killed: 3 before, 3 after, all in its history', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'anywire-sqlite-'));
    const file = join(folder, 'messages.db');
    for (const round of [1, 2]) {
      const { ready, child, ended } = await started(['--sqlite', file]);
      const client = await openClient(ready.url.replace('http', 'ws'));
      await client.connect();
      for (let n = 1; n <= 3; n += 1)
        expect(await client.publish('room', n)).toMatchObject({ t: 'ack', s: (round - 1) * 3 + n });
      child.kill('SIGKILL');
      await client.closed;
      await ended;
    }
    rmSync(folder, { recursive: true });
  });

  it('serves its metrics on a port of their own, and not on the first', async () => {
    const { ready } = await started(['--metrics-port', '0']);
    const client = await openClient(ready.url.replace('http', 'ws'));
    await client.connect();
    const page = await fetch(ready.metrics ?? '', { headers: { connection: 'close' } });
    expect(page.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await page.text()).toMatch(/^anywire_connections\{transport="\w+"\} 1$/m);
    expect(new URL(ready.metrics ?? '').port).not.toBe(new URL(ready.url).port);
    expect((await fetch(new URL('/metrics', ready.url))).status).toBe(404);
    client.end();
    await client.closed;
  });

  it('ends with its parent, when it has IPC', async () => {
    const { child, ended } = await started([], { ipc: true });
    child.disconnect();
    expect((await ended).code).toBe(0);
  });

  it('lives on when nobody reads its log any more', async () => {
    const { child, ready, ended } = await started(['--log-level', 'debug']);
    child.stderr?.destroy();
    const client = await openClient(ready.url.replace('http', 'ws'));
    await client.connect();
    await client.publish('room', 1);
    child.kill('SIGTERM');
    await client.closed;
    expect((await ended).code).toBe(0);
  });

  it('shows its flags and its version', async () => {
    const [help, version] = [runCommand(['--help']), runCommand(['-v'])];
    running.add(help).add(version);
    expect((await help.ended).stdout).toMatch(/--port <number>[^]*--config <file>/);
    expect(await version.ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
