/**
 * The flags of the command, once: what is read, what `--help` shows, and what is wrong with what was typed.
 *
 * @see README.md#the-command, whose table a test holds to this one
 */
import { parseArgs } from 'node:util';
import { Complaint, oneLine } from './complaint.ts';
import { didYouMean } from './nearest.ts';

interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What follows it. */
  readonly value?: string;
  readonly text: string;
}

export type FlagName =
  | 'port'
  | 'host'
  | 'path'
  | 'config'
  | 'sqlite'
  | 'metrics-port'
  | 'log-level'
  | 'help'
  | 'version';

// prettier-ignore
export const flags: Readonly<Record<FlagName, Flag>> = {
  port:        { type: 'string', short: 'p', value: '<number>', text: 'where to listen; 0 takes any free port (else PORT, else 8080)' },
  host:        { type: 'string', value: '<address>', text: 'the address to listen on; 0.0.0.0 for all (else 127.0.0.1)' },
  path:        { type: 'string', value: '<path>', text: 'what everything is under (else /anywire)' },
  config:      { type: 'string', short: 'c', value: '<file>', text: 'a module whose default export has the options' },
  sqlite:      { type: 'string', value: '<file>', text: 'keeps channels in a database file (else in memory)' },
  'metrics-port': { type: 'string', value: '<number>', text: 'serves /metrics there, for Prometheus (else nowhere)' },
  'log-level': { type: 'string', value: '<level>', text: 'debug, info, warn, error or silent (else info)' },
  help:        { type: 'boolean', short: 'h', text: 'shows this' },
  version:     { type: 'boolean', short: 'v', text: 'shows the version' },
};

export type Flags = Readonly<
  Partial<Record<Exclude<FlagName, 'help' | 'version'>, string>> & {
    help?: boolean;
    version?: boolean;
  }
>;

/** @throws {Complaint} usage */
export function readFlags(args: readonly string[]): Flags {
  const options = { ...flags };
  // Loosely first: of an unknown flag the parser says less than we can.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new Complaint('usage', `"${token.value}" is no flag; see --help`);
    if (token.kind !== 'option' || Object.hasOwn(flags, token.name)) continue;
    const known = Object.keys(flags).map((name) => `--${name}`);
    const near = didYouMean(token.rawName, known) || '; see --help';
    throw new Complaint('usage', `there is no flag ${token.rawName}${near}`);
  }
  try {
    return parseArgs({ args: [...args], options, strict: true }).values as Flags;
  } catch (error) {
    throw new Complaint('usage', `${oneLine(error)}; see --help`);
  }
}

export function helpText(): string {
  const rows = Object.entries(flags).map(
    ([name, { short, value = '', text }]) =>
      [`${short ? `-${short}, ` : '    '}--${name} ${value}`, text] as const,
  );
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    'anywire-server: rooms, acks, presence, history and resume, over WebSockets and HTTP.',
    '',
    ...rows.map(([flag, text]) => `  ${flag.padEnd(width)}  ${text}`),
    '',
    'From the environment: PORT, and ANYWIRE_SERVER_KEY, one or several, which opens the HTTP API.',
    'SIGTERM drains: clients are told to come back elsewhere. A second signal ends it at once.',
    'Exit codes: 0 ended well, 1 failed, 2 cannot be started like that.',
    '',
  ].join('\n');
}
