/** All that the emulated project knows: who is connected, its rooms, and what was stored. */
import { systemClock, type Clock } from '../clock.ts';
import type { Connection } from './connection.ts';
import { createFaults, type Faults } from './faults.ts';
import {
  defaultLimits,
  defaultTimes,
  type PolicyRequest,
  type SupabaseLimits,
  type SupabaseOptions,
  type SupabaseTimes,
} from './options.ts';
import { createRate, type Rate } from './rate.ts';
import type { Room } from './room.ts';
import { verifyToken, type Claims } from './tokens.ts';

export interface World {
  readonly clock: Clock;
  readonly times: SupabaseTimes;
  readonly limits: SupabaseLimits;
  readonly privateOnly: boolean;
  readonly connections: Set<Connection>;
  /** Private and public ones of the same name are two. */
  readonly rooms: Map<string, Room>;
  readonly rates: { readonly messages: Rate; readonly joins: Rate };
  readonly faults: Faults;
  readonly random: () => number;
  readonly log: (text: string) => void;
  /** Who has this key or token. @throws {Refused} */
  claimsOf(key: string): Claims;
  /** Of a private channel. */
  allows(request: PolicyRequest): boolean;
}

const never = 4_102_444_800;

export function createWorld({
  jwtSecret,
  keys = {},
  policy = ({ claims }) => claims.role === 'authenticated',
  privateOnly = false,
  random = () => 0,
  clock = systemClock,
  log = () => {},
  ...options
}: SupabaseOptions): World {
  const times = { ...defaultTimes, ...options.times };
  const limits = { ...defaultLimits, ...options.limits };
  return {
    ...{ clock, times, limits, privateOnly, random, log },
    connections: new Set(),
    rooms: new Map(),
    rates: { messages: createRate(clock), joins: createRate(clock) },
    faults: createFaults(),
    claimsOf(key) {
      const role = Object.hasOwn(keys, key) ? keys[key] : undefined;
      return role ? { role, exp: never } : verifyToken(key, jwtSecret, clock.now());
    },
    allows: (request) => request.claims.role === 'service_role' || policy(request),
  };
}
