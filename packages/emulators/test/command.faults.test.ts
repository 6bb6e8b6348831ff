/** The command as a process: what it prints, what it answers to each mistake, how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { RealtimeClient } from '@supabase/realtime-js';
import Ably from 'ably';
import PusherJs from 'pusher-js';
import { afterEach, describe, expect, it } from 'vitest';
import { forgetVendorTimers } from '../../../tests/support/vendor-timers.ts';

const entry = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const app = ['--app-id', '1', '--key', 'k', '--secret', 's'];
const Pusher = ((PusherJs as { default?: unknown }).default ?? PusherJs) as typeof PusherJs;

let child: ChildProcess | undefined;

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface Running {
  readonly ended: Promise<{
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
  readonly line: Promise<string>;
}

function run(args: readonly string[], ipc = false): Running {
  const started = spawn(process.execPath, ['--conditions=@anywire/source', entry, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  });
  child = started;
  let stdout = '';
  let stderr = '';
  const ends = [
    once(started, 'exit'),
    once(started.stdout as Readable, 'end'),
    once(started.stderr as Readable, 'end'),
  ];
  const ended = Promise.all(ends).then(() => ({ code: started.exitCode, stdout, stderr }));
  const line = new Promise<string>((resolve) => {
    started.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (stdout.includes('\n')) resolve(stdout.split('\n')[0] ?? '');
    });
    void ended.then(() => resolve(''));
  });
  started.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return { ended, line };
}

forgetVendorTimers();

describe('anywire-emulate ably', () => {
  it('says where it is in its first line, serves the real client there, and ends with 0 at SIGTERM', async () => {
    const { line, ended } = run(['ably', '--port', '0', '--key', 'app.key:secret']);
    const { url, pid } = JSON.parse(await line) as { url: string; pid: number };
    const { hostname: endpoint, port } = new URL(url);
    const client = new Ably.Realtime({
      ...{ key: 'app.key:secret', endpoint, port: Number(port), tls: false, logHandler: () => {} },
    });
    await client.channels.get('room').attach();
    process.kill(pid, 'SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    client.close();
  });

  it.each([
    [[], 'write --key app.key:secret'],
    [['--key', 'nonsense'], 'app.key:secret; it is "nonsense"'],
    [['--key', 'a.b:c', '--set', 'no=1'], 'there is no "no"'],
    [['--key', 'a.b:c', '--port', 'x'], 'it is "x"'],
  ])('with %j it says what to write, and ends with 2', async (args, words) => {
    const { code, stderr } = await run(['ably', ...args]).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('anywire-emulate supabase', () => {
  it('says where it is in its first line, serves the real client there, and ends with 0 at SIGTERM', async () => {
    const { line, ended } = run([
      ...['supabase', '--port', '0', '--jwt-secret', 's', '--key', 'sb_publishable_k=anon'],
    ]);
    const { url, pid } = JSON.parse(await line) as { url: string; pid: number };
    const client = new RealtimeClient(`${url.replace('http', 'ws')}/realtime/v1`, {
      params: { apikey: 'sb_publishable_k' },
    });
    await new Promise<void>((resolve) => {
      client.channel('room').subscribe((status) => {
        if (status === 'SUBSCRIBED') resolve();
      });
    });
    process.kill(pid, 'SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
    await client.removeAllChannels();
    await client.disconnect();
  });

  it.each([
    [[], 'write --jwt-secret'],
    [['--jwt-secret', 's', '--key', 'nonsense'], 'it is "nonsense"'],
    [['--jwt-secret', 's', '--key', 'k=admin'], 'name=anon or name=service_role'],
    [['--jwt-secret', 's', '--set', 'no=1'], 'there is no "no"'],
    [['--jwt-secret', 's', '--port', 'x'], 'it is "x"'],
  ])('with %j it says what to write, and ends with 2', async (args, words) => {
    const { code, stderr } = await run(['supabase', ...args]).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('anywire-emulate pusher', () => {
  it('says where it is in its first line, serves pusher-js there, and ends with 0 at SIGTERM while it is connected', async () => {
    const { line, ended } = run(['pusher', '--port', '0', ...app, '--set', 'activityMs=60000']);
    const { ready, url, pid } = JSON.parse(await line) as {
      ready: boolean;
      url: string;
      pid: number;
    };
    expect([ready, pid]).toEqual([true, child?.pid]);
    const { hostname, port } = new URL(url);
    const client = new Pusher('k', {
      ...{ cluster: '', wsHost: hostname, wsPort: Number(port), forceTLS: false },
      enabledTransports: ['ws'],
    });
    await new Promise((resolve) => client.connection.bind('connected', resolve));
    const lost = new Promise((resolve) => client.connection.bind('connecting', resolve));
    child?.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
    await lost;
    client.disconnect();
  });

  it('ends when its parent does', async () => {
    const { line, ended } = run(['pusher', '--port', '0', ...app], true);
    await line;
    child?.disconnect();
    expect((await ended).code).toBe(0);
  });

  it.each([
    ['there is no service "pushr"; there are: pusher', ['pushr']],
    [
      'write --app-id, --key and --secret, once for each app; there are 1, 1 and 0 of them',
      ['pusher', '--app-id', '1', '--key', 'k'],
    ],
    ['there is no flag --prot; see --help', ['pusher', ...app, '--prot', '1']],
    [
      '--port must be a whole number from 0 to 65535; it is "80a"',
      ['pusher', ...app, '--port', '80a'],
    ],
    ['--variant must be pusher or soketi; it is "x"', ['pusher', ...app, '--variant', 'x']],
    [
      '--set: there is no "activity"; there are: activityMs',
      ['pusher', ...app, '--set', 'activity=1'],
    ],
    [
      '--set activityMs= must be a whole number; it is "1s"',
      ['pusher', ...app, '--set', 'activityMs=1s'],
    ],
    [
      '--webhook must be an address, such as http://127.0.0.1:3000/webhooks; it is "x"',
      ['pusher', ...app, '--webhook', 'x'],
    ],
  ])('says "%s", and ends with 2', async (says, args) => {
    const { code, stdout, stderr } = await run(args).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`anywire-emulate: ${says}`);
  });

  it('says that a port is taken, and ends with 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run(['pusher', ...app, '--port', String(port)]).ended;
    expect([code, stderr]).toEqual([
      1,
      `anywire-emulate: port ${port} is taken; write --port with another one, or --port 0 for any that is free\n`,
    ]);
    await new Promise((resolve) => other.close(resolve));
  });

  it('prints its help, and its version', async () => {
    expect((await run(['--help']).ended).stdout).toContain('anywire-emulate pusher --app-id 1');
    expect((await run(['pusher', '--help']).ended).code).toBe(0);
    expect((await run(['--version']).ended).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
