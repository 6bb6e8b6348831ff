/**
 * A real nginx and a real haproxy, each with its configuration from `docs/deploy`: the documents are what runs.
 *
 * Where one is not installed its tests are skipped and say so; in CI that is a failure.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { get } from 'node:https';
import { fileURLToPath } from 'node:url';

/** What a test decides of a proxy. */
export interface ProxySettings {
  /** Of the server behind it. */
  readonly serverPort: number;
  /** Every time-out of the document that cuts an idle stream becomes this, in ms. */
  readonly timeoutMs: number;
  /** What else of the document is replaced; each must be there once. @default nothing */
  readonly replace?: readonly (readonly [string, string])[];
}

/** A running proxy. */
export interface ProxyProcess {
  readonly port: number;
  /** SIGKILL: every connection through it is gone without a word. */
  kill(): Promise<void>;
  /** Starts it again, on the same port. Resolves when it answers for the server. */
  start(): Promise<void>;
  /** Kills it, and removes its folder. */
  close(): Promise<void>;
}

interface Given extends ProxySettings {
  readonly port: number;
  readonly folder: string;
}

interface Kind {
  readonly binary: string;
  readonly document: string;
  /** What of the document is replaced; each must be there. */
  readonly replace: (given: Given) => readonly (readonly [string, string])[];
  readonly args: (file: string, folder: string) => readonly string[];
}

const kinds = {
  nginx: {
    binary: '/usr/sbin/nginx',
    document: 'docs/deploy/nginx.conf',
    replace: ({ port, serverPort, timeoutMs, folder }) => [
      // One process: after a SIGKILL of the master its workers would go on.
      ['worker_processes auto;', 'master_process off;\ndaemon off;'],
      ['worker_rlimit_nofile 65536;', ''],
      ['worker_connections 32768;', 'worker_connections 256;'],
      ['pid /run/nginx.pid;', `pid ${folder}/pid;`],
      [
        'http {',
        `http {\n${nginxFolders.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}`,
      ],
      ['server 127.0.0.1:8080;', `server 127.0.0.1:${serverPort};`],
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
      ['/etc/ssl/example.com/fullchain.pem', `${folder}/cert.pem`],
      ['/etc/ssl/example.com/key.pem', `${folder}/key.pem`],
      ['proxy_read_timeout 60s;', `proxy_read_timeout ${timeoutMs}ms;`],
      ['proxy_send_timeout 60s;', `proxy_send_timeout ${timeoutMs}ms;`],
    ],
    args: (file, folder) => ['-p', folder, '-c', file, '-e', 'stderr'],
  },
  haproxy: {
    binary: '/usr/sbin/haproxy',
    document: 'docs/deploy/haproxy.cfg',
    replace: ({ port, serverPort, timeoutMs, folder }) => [
      ['maxconn 20000', 'maxconn 100'],
      ['timeout client 60s', `timeout client ${timeoutMs}ms`],
      ['timeout server 60s', `timeout server ${timeoutMs}ms`],
      ['timeout tunnel 60s', `timeout tunnel ${timeoutMs}ms`],
      ['bind :443 ssl', `bind 127.0.0.1:${port} ssl`],
      ['/etc/haproxy/example.com.pem', `${folder}/both.pem`],
      [
        'server one 127.0.0.1:8080 check inter 1s',
        `server one 127.0.0.1:${serverPort} check inter 100ms`,
      ],
    ],
    args: (file) => ['-db', '-f', file],
  },
} as const satisfies Record<string, Kind>;

const nginxFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export type ProxyName = keyof typeof kinds;

/** The proxies of this machine. What is missing is printed, and is an error in CI. */
export function installedProxies(): ProxyName[] {
  return (Object.keys(kinds) as ProxyName[]).filter((name) => {
    if (existsSync(kinds[name].binary)) return true;
    if (process.env['CI'] === 'true')
      throw new Error(`${name} is missing, and CI may not skip it.`);
    console.warn(`Skipped: what needs ${name} (no ${kinds[name].binary}).`);
    return false;
  });
}

/** A certificate for localhost, made for this run. Clients must be told to trust it. */
export function certificate(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'anywire-cert-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  try {
    // prettier-ignore
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert,
    ], { stdio: 'pipe' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts a proxy on a free port; resolves when it answers for the server. */
export async function startProxy(
  name: ProxyName,
  settings: ProxySettings,
  { cert, key }: ReturnType<typeof certificate>,
): Promise<ProxyProcess> {
  const kind: Kind = kinds[name];
  const folder = mkdtempSync(join(tmpdir(), `anywire-${name}-`));
  const port = await freePort();
  for (const inner of nginxFolders) mkdirSync(join(folder, inner));
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'both.pem'), cert + key);
  const file = join(folder, 'config');
  writeFileSync(file, configured(kind, { ...settings, port, folder }));

  let child: ChildProcess | undefined;
  let said = '';
  async function start(): Promise<void> {
    const started = spawn(kind.binary, kind.args(file, folder), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    while (!(await answers(port, cert))) {
      if (started.exitCode !== null) throw new Error(`${name} did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  async function kill(): Promise<void> {
    const ending = child;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, 'close');
    ending.kill('SIGKILL');
    await gone;
  }
  async function close(): Promise<void> {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return { port, kill, start, close };
}

/** The document with what a test must have otherwise. A part that is not there any more fails the test. */
function configured({ document, replace }: Kind, given: Given): string {
  const path = fileURLToPath(new URL(`../../${document}`, import.meta.url));
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of [...replace(given), ...(given.replace ?? [])]) {
    if (text.split(from).length !== 2) throw new Error(`${document} must have "${from}" once`);
    text = text.replace(from, to);
  }
  return text;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether the server behind the proxy says that it is ready. */
function answers(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const url = `https://localhost:${port}/anywire/readyz`;
    get(url, { ca, agent: false, family: 4 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    }).on('error', () => resolve(false));
  });
}
