/** The command from its arguments to its exit code: which service, then that service's own flags. */
import { Complaint, exitCodes, usage } from './complaint.ts';
import { helpText, readFlags, type PusherFlags } from './flags.ts';
import { startPusher, type PusherServer } from '../pusher/server.ts';

type Start = (flags: PusherFlags) => Promise<PusherServer>;

const log = (text: string): void => void process.stderr.write(`${text}\n`);

const services: ReadonlyMap<string, Start> = new Map([
  ['pusher', ({ options }: PusherFlags) => startPusher({ ...options, log })],
]);

/** Does not reject: it ends the process. */
export async function runCommand(args: readonly string[], version: () => string): Promise<void> {
  // Who read our output may be gone; that must not end the service.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const [service = '', ...rest] = args;
    if (service === '--version' || service === '-v') process.stdout.write(`${version()}\n`);
    else if (service === '' || service === '--help' || service === '-h')
      process.stdout.write(helpText());
    else await run(service, rest);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    process.stderr.write(`anywire-emulate: ${error.message}\n`);
    process.exit(exitCodes[error.kind]);
  }
}

async function run(name: string, args: readonly string[]): Promise<void> {
  const start = services.get(name);
  if (!start)
    throw usage(`there is no service "${name}"; there are: ${[...services.keys()].join(', ')}`);
  const flags = readFlags(args);
  if (flags.help) return void process.stdout.write(helpText());
  let server: PusherServer;
  try {
    server = await start(flags);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Complaint('failed', refusals[code]?.(flags) ?? message);
  }
  stopOnSignals(server);
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url, pid: process.pid })}\n`);
}

const refusals: Readonly<Record<string, (flags: PusherFlags) => string>> = {
  EADDRINUSE: ({ options }) =>
    `port ${options.port} is taken; write --port with another one, or --port 0 for any that is free`,
  EACCES: ({ options }) =>
    `port ${options.port} needs more rights; write --port with one from 1024 on`,
  EADDRNOTAVAIL: ({ options }) =>
    `"${options.host}" is no address of this machine; write --host 127.0.0.1`,
  ENOTFOUND: ({ options }) => `"${options.host}" is no address; write --host 127.0.0.1`,
};

/** The first signal ends it, and so does the end of the parent (with IPC). */
function stopOnSignals(server: PusherServer): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void server.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(signal, stop);
}
