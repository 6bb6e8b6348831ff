/**
 * Runs a server until it is told to end: opens, listens, says so in one line on stdout, and drains at a signal.
 *
 * @see command.ts, which turns what is thrown into an exit code
 */
import { RealtimeError } from '@anywire/core/errors';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { logOf, type Log } from '../log.ts';
import { defaults } from '../options.ts';
import { createServer, type AnywireServer } from '../server.ts';
import { Complaint, oneLine } from './complaint.ts';
import { metricsPage } from './metrics-page.ts';
import type { Settings } from './settings.ts';

/** Longer than proxies keep an idle connection (60 s): who closes second cannot cut a request on its way. */
const keepAliveTimeoutMs = 75_000;
/** A terminal's Ctrl-C comes twice, from the terminal and from npx; what comes later is a second one. */
const sameSignalMs = 300;

/** @throws {Complaint} usage, failed */
export async function serve({ options, listen, metricsPort, drain }: Settings): Promise<void> {
  const log = logOf(options.log);
  const server = created(options);
  try {
    await server.ready();
  } catch (error) {
    throw new Complaint('failed', `the engine did not open: ${oneLine(error)}`);
  }
  const http = createHttpServer({ keepAliveTimeout: keepAliveTimeoutMs });
  server.attach(http);
  const port = await listening(http, listen);
  const { path = defaults.path } = options;
  const url = urlOf({ ...listen, port }, path);
  const metrics = metricsPort === undefined ? undefined : await metricsPage(server);
  const metricsOn = metrics && (await listening(metrics, { ...listen, port: metricsPort ?? 0 }));
  stopOnSignals(server, http, drain, log);
  log('info', 'listening', { host: listen.host, port, path });
  for (const [option, risk] of open)
    if (!options[option]) log('warn', `everything is allowed: ${risk}`, { option });
  const more = metricsOn && { metrics: urlOf({ ...listen, port: metricsOn }, '/metrics') };
  process.stdout.write(`${JSON.stringify({ ready: true, url, pid: process.pid, ...more })}\n`);
}

/** What a server on the internet does not do without. */
const open = [
  ['authenticate', 'anybody may connect, for there is no "authenticate"'],
  ['authorize', 'every client may do everything, for there is no "authorize"'],
] as const;

function created(options: Settings['options']): AnywireServer {
  try {
    return createServer(options);
  } catch (error) {
    if (!RealtimeError.is(error)) throw error;
    throw new Complaint('usage', oneLine(error));
  }
}

function listening(http: Server, { port, host }: Settings['listen']): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', ({ code = '', message }: NodeJS.ErrnoException) =>
      reject(new Complaint('failed', refusals[code]?.(port, host) ?? message)),
    );
    http.listen(port, host, () => resolve((http.address() as AddressInfo).port));
  });
}

const refusals: Readonly<Record<string, (port: number, host: string) => string>> = {
  EADDRINUSE: (port) =>
    `port ${port} is taken; write --port with another one, or --port 0 for any that is free`,
  EACCES: (port) => `port ${port} needs more rights; write --port with one from 1024 on`,
  EADDRNOTAVAIL: (_, host) =>
    `"${host}" is no address of this machine; write --host 127.0.0.1, or 0.0.0.0 for all`,
  ENOTFOUND: (_, host) => `"${host}" is no address; write --host 127.0.0.1, or 0.0.0.0 for all`,
};

/** Where a client on this machine finds it. */
function urlOf({ host, port }: Settings['listen'], path: string): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}${path}`;
}

/** The first signal drains, another one ends at once; the end of the parent (with IPC) is a signal, too. */
function stopOnSignals(
  server: AnywireServer,
  http: Server,
  drain: Settings['drain'],
  log: Log,
): void {
  let stoppingSince: number | undefined;
  const stop = async (signal: string): Promise<void> => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < sameSignalMs) return;
      log('warn', 'ended at once', { signal });
      process.exit(1);
    }
    stoppingSince = performance.now();
    log('info', 'asked to end', { signal });
    await server.close(drain);
    http.close(() => process.exit(0));
    http.closeAllConnections();
  };
  const failed = (error: unknown): void => {
    log('error', 'could not end well', { error });
    process.exit(1);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'])
    process.on(signal, () => void stop(signal).catch(failed));
}
