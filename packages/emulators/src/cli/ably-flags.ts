/** The flags of `anywire-emulate ably`, and what they mean. */
import { defaultLimits, defaultTimes } from '../ably/options.ts';
import type { AblyServerOptions } from '../ably/server.ts';
import { usage } from './complaint.ts';
import { parse, portOf, settingsIn, wrapped } from './parse.ts';

export interface AblyFlags {
  readonly help: boolean;
  readonly options: AblyServerOptions;
}

const flags = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  key: { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws {Complaint} usage */
export function readAblyFlags(args: readonly string[]): AblyFlags {
  const {
    help = false,
    port = '7002',
    host = '127.0.0.1',
    key = [],
    set = [],
  } = parse(args, flags);
  if (help) return { help, options: { keys: [] } };
  if (key.length === 0) throw usage('write --key app.key:secret, once for each key');
  for (const one of key)
    if (!/^[^.:]+\.[^.:]+:.+$/.test(one))
      throw usage(`--key must be app.key:secret; it is "${one}"`);
  return {
    help,
    options: {
      ...{ keys: key, port: portOf(port), host },
      ...settingsIn(set, defaultTimes, defaultLimits),
    },
  };
}

/** Of `--help`. */
export const ablyHelp = (): string => `  anywire-emulate ably --key app.key:secret

  -p, --port <number>    0: any free one (7002)
      --host <address>   0.0.0.0 for all (127.0.0.1)
      --key <key>        app.key:secret, once for each key
      --set <name=value> times in ms, and limits; may be there several times:
                         ${wrapped({ ...defaultTimes, ...defaultLimits })}
`;
