/** The flags of `anywire-emulate pusher`, and what they mean. */
import { defaultLimits, defaultTimes, type PusherApp } from '../pusher/options.ts';
import type { PusherServerOptions } from '../pusher/server.ts';
import { usage } from './complaint.ts';
import { parse, portOf, settingsIn, wrapped } from './parse.ts';

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

/** @throws {Complaint} usage */
export function readPusherFlags(args: readonly string[]): PusherFlags {
  const given = parse(args, flags);
  if (given.help) return { help: true, options: { apps: [] } };
  const { variant = 'pusher', host = '127.0.0.1' } = given;
  if (variant !== 'pusher' && variant !== 'soketi')
    throw usage(`--variant must be pusher or soketi; it is "${variant}"`);
  return {
    help: false,
    options: {
      apps: appsOf(given),
      port: portOf(given.port ?? '7001'),
      host,
      variant,
      ...settingsIn(given.set ?? [], { ...defaultTimes }, { ...defaultLimits }),
    },
  };
}

type Given = ReturnType<typeof parse<typeof flags>>;

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

/** Of `--help`. */
export const pusherHelp = (): string => `  anywire-emulate pusher --app-id 1 --key k --secret s

  -p, --port <number>    0: any free one (7001)
      --host <address>   0.0.0.0 for all (127.0.0.1)
      --app-id <id>      with --key and --secret, once for each app
      --key <key>
      --secret <secret>
      --webhook <url>    where webhooks of all apps go; may be there several times
      --no-client-events
      --variant <name>   pusher, or soketi for what self-hosted servers do differently (pusher)
      --set <name=value> times in ms, and limits; may be there several times:
                         ${wrapped({ ...defaultTimes, ...defaultLimits })}
`;
