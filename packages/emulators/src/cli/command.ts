/** The command from its arguments to its exit code: which service, then that service's own flags. */
import { Complaint, exitCodes, usage } from './complaint.ts';
import { startAbly } from '../ably/server.ts';
import type { Listening, ListenOptions } from '../listen.ts';
import { startPusher } from '../pusher/server.ts';
import { startSupabase } from '../supabase/server.ts';
import { ablyHelp, readAblyFlags } from './ably-flags.ts';
import { pusherHelp, readPusherFlags } from './pusher-flags.ts';
import { readSupabaseFlags, supabaseHelp } from './supabase-flags.ts';

/** What was asked for, and how it begins. */
interface Asked {
  readonly help: boolean;
  readonly options: ListenOptions;
  start(): Promise<Listening>;
}

const log = (text: string): void => void process.stderr.write(`${text}\n`);

const services: ReadonlyMap<string, (args: readonly string[]) => Asked> = new Map([
  [
    'pusher',
    (args: readonly string[]): Asked => {
      const { help, options } = readPusherFlags(args);
      return { help, options, start: () => startPusher({ ...options, log }) };
    },
  ],
  [
    'ably',
    (args: readonly string[]): Asked => {
      const { help, options } = readAblyFlags(args);
      return { help, options, start: () => startAbly({ ...options, log }) };
    },
  ],
  [
    'supabase',
    (args: readonly string[]): Asked => {
      const { help, options } = readSupabaseFlags(args);
      return { help, options, start: () => startSupabase({ ...options, log }) };
    },
  ],
]);

const helpText =
  (): string => `anywire-emulate <service>: a managed realtime service on this machine

${pusherHelp()}
${ablyHelp()}
${supabaseHelp()}
  -h, --help
  -v, --version

The first line on stdout says that it is ready: {"ready":true,"url":"http://127.0.0.1:7001","pid":1}
`;

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
  const read = services.get(name);
  if (!read)
    throw usage(`there is no service "${name}"; there are: ${[...services.keys()].join(', ')}`);
  const asked = read(args);
  if (asked.help) return void process.stdout.write(helpText());
  let server: Listening;
  try {
    server = await asked.start();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Complaint('failed', refusals[code]?.(asked.options) ?? message);
  }
  stopOnSignals(server);
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url, pid: process.pid })}\n`);
}

const refusals: Readonly<Record<string, (options: ListenOptions) => string>> = {
  EADDRINUSE: ({ port }) =>
    `port ${port} is taken; write --port with another one, or --port 0 for any that is free`,
  EACCES: ({ port }) => `port ${port} needs more rights; write --port with one from 1024 on`,
  EADDRNOTAVAIL: ({ host }) => `"${host}" is no address of this machine; write --host 127.0.0.1`,
  ENOTFOUND: ({ host }) => `"${host}" is no address; write --host 127.0.0.1`,
};

/** The first signal ends it, and so does the end of the parent (with IPC). */
function stopOnSignals(server: Listening): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void server.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(signal, stop);
}
