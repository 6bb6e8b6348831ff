/** The flags of `anywire-emulate supabase`, and what they mean. */
import { defaultLimits, defaultTimes } from '../supabase/options.ts';
import type { SupabaseServerOptions } from '../supabase/server.ts';
import { usage } from './complaint.ts';
import { parse, portOf, settingsIn, wrapped } from './parse.ts';

export interface SupabaseFlags {
  readonly help: boolean;
  readonly options: SupabaseServerOptions;
}

const flags = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  'jwt-secret': { type: 'string' },
  key: { type: 'string', multiple: true },
  'private-only': { type: 'boolean' },
  set: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

const roles = ['anon', 'service_role'] as const;
type Role = (typeof roles)[number];

/** @throws {Complaint} usage */
function keysIn(given: readonly string[]): Readonly<Record<string, Role>> {
  const entries = given.map((one) => {
    const [, name = '', asked] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    const role = roles.find((known) => known === asked);
    if (!role) throw usage(`--key must be name=anon or name=service_role; it is "${one}"`);
    return [name, role] as const;
  });
  return Object.fromEntries(entries);
}

/** @throws {Complaint} usage */
export function readSupabaseFlags(args: readonly string[]): SupabaseFlags {
  const {
    help = false,
    port = '7003',
    host = '127.0.0.1',
    'jwt-secret': jwtSecret = '',
    key = [],
    'private-only': privateOnly = false,
    set = [],
  } = parse(args, flags);
  if (help) return { help, options: { jwtSecret } };
  if (jwtSecret === '') throw usage('write --jwt-secret with the secret that signs tokens');
  return {
    help,
    options: {
      ...{ jwtSecret, keys: keysIn(key), privateOnly, port: portOf(port), host },
      ...settingsIn(set, defaultTimes, defaultLimits),
    },
  };
}

/** Of `--help`. */
export const supabaseHelp = (): string => `  anywire-emulate supabase --jwt-secret secret

  -p, --port <number>    0: any free one (7003)
      --host <address>   0.0.0.0 for all (127.0.0.1)
      --jwt-secret <s>   signs the tokens of the project (HS256)
      --key <name=role>  a key that is no token: anon or service_role; may be there several times
      --private-only     refuses public channels
      --set <name=value> times in ms, and limits; may be there several times:
                         ${wrapped({ ...defaultTimes, ...defaultLimits })}
`;
