/** What docs/deploy.md shows is true: its configuration serves, and what supervises the server waits for it. */
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CommandConfig } from '../src/index.ts';
import { readyCommand, runCommand, type RunningCommand } from './support/command.ts';
import { openClient } from './support/sockets.ts';

const root = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('docs/deploy.md', root), 'utf8');
const containerfile = readFileSync(new URL('packages/server/Containerfile', root), 'utf8');

/** The code of the only block in a language. */
function block(language: string): string {
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

const running = new Set<RunningCommand>();
afterEach(async () => {
  for (const { child, ended } of running) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  }
  running.clear();
});

describe('docs/deploy.md', () => {
  it('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((link) => !existsSync(new URL(`docs/${link}`, root)))).toEqual([]);
  });

  it('links only to its headings that are there', () => {
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    const links = [...text.matchAll(/\]\(#([^)]+)/g)].map(([, link]) => link);
    expect(links.filter((link) => !headings.includes(link ?? ''))).toEqual([]);
  });
});

describe('its configuration', () => {
  const config = block('js');
  const env = { TOKEN_SECRET: 'vieR3ohNgoo4' };
  const token = (clientId: string, expiry: number, secret = env.TOKEN_SECRET): string => {
    const signature = createHmac('sha256', secret).update(`${clientId}.${expiry}`).digest();
    return `${clientId}.${expiry}.${signature.toString('base64url')}`;
  };
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;

  it('lets in who has a token of its secret, and into what is theirs', async () => {
    const command = await readyCommand(['--port', '0'], { config, env });
    running.add(command);
    const open = (): ReturnType<typeof openClient> =>
      openClient(command.ready.url.replace('http', 'ws'));
    const ann = await open();
    await ann.connect({ token: token('ann', inAnHour) });
    expect(await ann.publish('user:ann', 1)).toMatchObject({ t: 'ack' });
    expect(await ann.publish('user:bob', 1)).toMatchObject({ code: 'forbidden' });
    const refused: [string | undefined, number][] = [
      [token('ann', inAnHour, 'guessed'), 4201],
      [token('ann', inAnHour).replace('ann', 'bob'), 4201],
      [token('ann', inAnHour - 7_200), 4200],
      ['x', 4201],
      [undefined, 4201],
    ];
    for (const [given, code] of refused) {
      const client = await open();
      const { nonce } = client;
      client.send({ t: 'connect', r: 1, nonce, instance: 'i', ...(given && { token: given }) });
      expect(await client.closed, given).toMatchObject({ code });
    }
    ann.end();
    await ann.closed;
  });

  it('says that its secret is missing', async () => {
    const command = runCommand(['--port', '0'], { config });
    running.add(command);
    const { code, stderr } = await command.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^anywire: anywire\.config\.mjs:\d+:\d+: it threw: TOKEN_SECRET is not set\n$/,
    );
  });

  it('drains in less time than systemd and Kubernetes wait', async () => {
    const source = `data:text/javascript,${encodeURIComponent(`process.env.TOKEN_SECRET = 'x';\n${config.replace(/^import .*$/m, '')}`)}`;
    const { drain = {} } = ((await import(source)) as { default: CommandConfig }).default;
    const longestMs = Object.values(drain).reduce((sum: number, ms: number) => sum + ms, 0);
    expect(Object.keys(drain)).toHaveLength(3);
    const systemd = Number(/^TimeoutStopSec=(\d+)$/m.exec(block('ini'))?.[1]) * 1_000;
    const { terminationGracePeriodSeconds } = pod();
    expect(systemd).toBeGreaterThan(longestMs);
    expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(longestMs);
  });
});

interface Pod {
  terminationGracePeriodSeconds: number;
  containers: [
    {
      args: string[];
      volumeMounts: [{ mountPath: string }];
      ports: [{ containerPort: number }];
      readinessProbe: Probe;
      livenessProbe: Probe;
    },
  ];
}
interface Probe {
  httpGet: { path: string; port: number };
}

function pod(): Pod {
  const deployment = parse(block('yaml')) as { spec: { template: { spec: Pod } } };
  return deployment.spec.template.spec;
}

describe('its supervisors', () => {
  it('systemd starts the command that the package has', () => {
    const manifest = readFileSync(new URL('packages/server/package.json', root), 'utf8');
    const { publishConfig } = JSON.parse(manifest) as {
      publishConfig: { bin: Record<string, string> };
    };
    const [, started = ''] = /^ExecStart=\S*\/(\S+) --config /m.exec(block('ini')) ?? [];
    expect(Object.keys(publishConfig.bin)).toEqual([started]);
  });

  it('Kubernetes asks where the server answers, on the port of the container', async () => {
    const [{ args, ports, volumeMounts, readinessProbe, livenessProbe }] = pod().containers;
    const port = Number(/^EXPOSE (\d+)$/m.exec(containerfile)?.[1]);
    expect(ports[0].containerPort).toBe(port);
    const data = /^VOLUME (.+)$/m.exec(containerfile)?.[1] ?? '';
    expect(volumeMounts[0].mountPath).toBe(data);
    const folder = mkdtempSync(join(tmpdir(), 'anywire-data-'));
    const here = args.map((each) => each.replace(data, folder));
    const command = await readyCommand(['--port', '0', ...here], { config: 'export default {};' });
    running.add({
      ...command,
      ended: command.ended.finally(() => rmSync(folder, { recursive: true })),
    });
    expect(existsSync(join(folder, 'messages.db'))).toBe(true);
    for (const { httpGet } of [readinessProbe, livenessProbe]) {
      expect(httpGet.port).toBe(port);
      expect((await fetch(new URL(httpGet.path, command.ready.url))).status).toBe(200);
    }
  });
});
