/** The flags of `anywire-emulate pusher`, and what they mean. */
import { parseArgs } from 'node:util';
import { defaultLimits, defaultTimes, type PusherApp } from '../pusher/options.ts';
import type { PusherServerOptions } from '../pusher/server.ts';
import { usage } from './complaint.ts';

export interface PusherFlags {
  readonly help: boolean;
  readonly options: PusherServerOptions;
}

const flags = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  'app-id': { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  secret: { type: 'string', multiple: true },
  webhook: { type: 'string', multiple: true },
  'no-client-events': { type: 'boolean' },
  variant: { type: 'string' },
  set: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

const settings = { ...defaultTimes, ...defaultLimits };

/** @throws {Complaint} usage */
export function readFlags(args: readonly string[]): PusherFlags {
  const given = parse(args);
  if (given.help) return { help: true, options: { apps: [] } };
  const { variant = 'pusher', host = '127.0.0.1' } = given;
  if (variant !== 'pusher' && variant !== 'soketi')
    throw usage(`--variant must be pusher or soketi; it is "${variant}"`);
  return {
    help: false,
    options: {
      apps: appsOf(given),
      port: portOf(given.port),
      host,
      variant,
      ...settingsOf(given.set ?? []),
    },
  };
}

type Given = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const [, name = ''] = /'(-[^']*)'/.exec(message) ?? [];
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw usage(`there is no flag ${name}; see --help`);
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw usage(`${message.split('.')[0]}; see --help`);
    throw usage(`${message.split('\n')[0]}; see --help`);
  }
}

function portOf(text = '7001'): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw usage(`--port must be a whole number from 0 to 65535; it is "${text}"`);
}

/** Several apps: the flags are there as often as there are apps, and belong together in their order. */
function appsOf({
  'app-id': ids = [],
  key: keys = [],
  secret: secrets = [],
  webhook = [],
  ...given
}: Given): readonly PusherApp[] {
  if (ids.length === 0 || ids.length !== keys.length || ids.length !== secrets.length)
    throw usage(
      `write --app-id, --key and --secret, once for each app; there are ${ids.length}, ${keys.length} and ${secrets.length} of them`,
    );
  for (const url of webhook)
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw usage(
        `--webhook must be an address, such as http://127.0.0.1:3000/webhooks; it is "${url}"`,
      );
  return ids.map((id, at) => ({
    ...{ id, key: keys[at] ?? '', secret: secrets[at] ?? '' },
    clientEvents: !given['no-client-events'],
    webhooks: webhook.map((url) => ({ url })),
  }));
}

/** `--set activityMs=1000`: times and limits by their names. */
function settingsOf(pairs: readonly string[]): Pick<PusherServerOptions, 'times' | 'limits'> {
  const found = pairs.map((pair): readonly [string, number] => {
    const [name = '', text = ''] = pair.split(/=(.*)/s);
    const value = Number(text);
    if (!Object.hasOwn(settings, name))
      throw usage(`--set: there is no "${name}"; there are: ${Object.keys(settings).join(', ')}`);
    if (!/^\d+$/.test(text)) throw usage(`--set ${name}= must be a whole number; it is "${text}"`);
    return [name, value];
  });
  return {
    times: Object.fromEntries(found.filter(([name]) => Object.hasOwn(defaultTimes, name))),
    limits: Object.fromEntries(found.filter(([name]) => Object.hasOwn(defaultLimits, name))),
  };
}

export function helpText(): string {
  return `anywire-emulate <service>: a managed realtime service on this machine

  anywire-emulate pusher --app-id 1 --key k --secret s

  -p, --port <number>    0: any free one (7001)
      --host <address>   0.0.0.0 for all (127.0.0.1)
      --app-id <id>      with --key and --secret, once for each app
      --key <key>
      --secret <secret>
      --webhook <url>    where webhooks of all apps go; may be there several times
      --no-client-events
      --variant <name>   pusher, or soketi for what self-hosted servers do differently (pusher)
      --set <name=value> times in ms, and limits; may be there several times:
                         ${wrapped(Object.entries(settings).map(([name, value]) => `${name}=${value}`))}
  -h, --help
  -v, --version

The first line on stdout says that it is ready: {"ready":true,"url":"http://127.0.0.1:7001","pid":1}
`;
}

function wrapped(words: readonly string[]): string {
  const lines = [''];
  for (const word of words) {
    if ((lines.at(-1) ?? '').length + word.length > 70) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines.join(`\n${' '.repeat(25)}`);
}
