/**
 * What a configuration may hold, as a table, and what is wrong with one: each problem is one line that says what to
 * write. What only fits together or not is left to `createServer`.
 *
 * @see config.ts, which loads it · packages/server/test/command.faults.test.ts
 */
import type { CloseOptions } from '../drain.ts';
import { defaultLimits, type ServerOptions } from '../options.ts';
import { isServerKey } from '../server-keys.ts';
import { didYouMean } from './nearest.ts';

/** The default export of a configuration file: all options of `createServer`, and what the command needs itself. */
export interface CommandConfig extends ServerOptions {
  readonly listen?: ListenConfig;
  /** How the server drains when it is told to end. */
  readonly drain?: CloseOptions;
}

export interface ListenConfig {
  /** @default 8080 */
  readonly port?: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

interface Kind {
  /** Ends "… must be". */
  readonly says: string;
  fits(value: unknown): boolean;
  /** Never shown. */
  readonly isSecret?: true;
  /** Options inside. */
  readonly members?: Members;
}
type Members<Of = Readonly<Record<string, unknown>>> = {
  readonly [Name in keyof Required<Of>]: Kind;
};

// --- kinds ---

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isOrigin = (value: unknown): boolean =>
  isText(value) && URL.canParse(value) && new URL(value).origin === value;

function number(what: string, from: number, like: number): Kind {
  const says = `${what}, ${from} or more, like ${like}`;
  return { says, fits: (value) => typeof value === 'number' && value >= from };
}
const within = (members: Members): Kind => ({
  says: `an object, like { ${Object.keys(members)[0]}: … }`,
  fits: isObject,
  members,
});
const hook: Kind = { says: 'a function', fits: (value) => typeof value === 'function' };
const text = (like: string): Kind => ({ says: `a text, like "${like}"`, fits: isText });

export const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
export const isPath = (value: unknown): boolean => isText(value) && /^\/[^?#\s]*$/.test(value);
/** Ends "… must be", for flags too. */
export const portSays = 'a whole number from 0 to 65535';
export const pathSays = 'a path, like "/anywire"';

// --- the table ---

const listen: Members<ListenConfig> = {
  port: { says: portSays, fits: isPort },
  host: text('0.0.0.0'),
};

const drain: Members<CloseOptions> = {
  drainDelayMs: number('a time in ms', 0, 5_000),
  drainMs: number('a time in ms', 0, 10_000),
  deadlineMs: number('a time in ms', 0, 5_000),
};

const limits: Members = Object.fromEntries(
  Object.entries(defaultLimits).map(([name, value]) => [name, number('a number', 1, value)]),
);

// prettier-ignore
const config: Members<CommandConfig> = {
  engine: { says: 'an engine, like memory()', fits: (value) => isObject(value) && typeof value['append'] === 'function' },
  channels: { says: 'what defineChannels answers', fits: isObject },
  limits: within(limits),
  codecs: { says: 'a list, like [messagePack()]', fits: Array.isArray },
  history: within({ size: number('a number', 1, 1_000), ttlMs: number('a time in ms', 1, 86_400_000) }),
  origins: { says: 'a list of origins, like ["https://example.com"] without a path or "/" at the end, or "*"', fits: (value) => value === '*' || (Array.isArray(value) && value.every(isOrigin)) },
  trustedProxies: { says: 'a list of addresses or networks, like ["10.0.0.0/8"]', fits: (value) => Array.isArray(value) && value.every(isText) },
  heartbeatMs: number('a time in ms', 1, 25_000),
  presenceGraceMs: number('a time in ms', 0, 15_000),
  hookTimeoutMs: number('a time in ms', 1, 10_000),
  serverKey: { says: 'a text without spaces that nobody can guess, or a list of them', fits: (value) => (Array.isArray(value) ? value : [value]).every(isServerKey), isSecret: true },
  log: { says: 'a function, or a logger like pino()', fits: (value) => typeof value === 'function' || (isObject(value) && ['debug', 'info', 'warn', 'error'].every((level) => typeof value[level] === 'function')) },
  path: { says: pathSays, fits: isPath },
  clock: { says: 'a clock', fits: isObject },
  authenticate: hook,
  authorize: hook,
  onPublish: hook,
  onConnect: hook,
  onDisconnect: hook,
  onOccupied: hook,
  onVacated: hook,
  listen: within(listen),
  drain: within(drain),
};

/** What is wrong, one line each; empty when nothing is. */
export function problemsOf(given: Readonly<Record<string, unknown>>): string[] {
  return check(given, config, '');
}

function check(
  given: Readonly<Record<string, unknown>>,
  members: Members,
  under: string,
): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const kind = Object.hasOwn(members, name) ? members[name] : undefined;
    if (!kind)
      return `there is no option "${under}${name}"${didYouMean(name, Object.keys(members))}`;
    if (value === undefined) return [];
    if (!kind.fits(value))
      return `"${under}${name}" must be ${kind.says}; it is ${kind.isSecret ? typeName(value) : shown(value)}`;
    return kind.members ? check(value as typeof given, kind.members, `${under}${name}.`) : [];
  });
}

/** A value in a message: short, or its type. */
export function shown(value: unknown): string {
  const json =
    typeof value === 'string' || Array.isArray(value) ? JSON.stringify(value) : undefined;
  if (json !== undefined && json.length <= 60) return json;
  return value === null || ['number', 'boolean'].includes(typeof value)
    ? String(value)
    : typeName(value);
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  const names: Partial<Record<string, string>> = {
    object: 'an object',
    undefined: 'absent',
  };
  return typeof value === 'string' ? 'a text' : (names[typeof value] ?? `a ${typeof value}`);
}
