/** The emulated world: apps, their keys and channels, and the connections of all. */
import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../clock.ts';
import { everything, parseCapability, type Capability } from './capability.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { AblyError } from './errors.ts';
import { createFaults, type Faults } from './faults.ts';
import {
  defaultLimits,
  defaultNamespaces,
  defaultTimes,
  type AblyLimits,
  type AblyNamespace,
  type AblyOptions,
  type AblyTimes,
} from './options.ts';

export interface Key {
  /** `app.key` */
  readonly name: string;
  readonly secret: string;
  readonly capability: Capability;
}

/** What `requestToken` has issued. */
export interface IssuedToken {
  readonly token: string;
  readonly key: Key;
  readonly clientId: string | undefined;
  readonly capability: Capability;
  readonly issuedMs: number;
  readonly expiresMs: number;
}

export interface App {
  readonly id: string;
  readonly keys: Map<string, Key>;
  readonly namespaces: readonly AblyNamespace[];
  readonly channels: Map<string, Channel>;
  readonly tokens: Map<string, IssuedToken>;
  /** Of token requests: each is good once. */
  readonly nonces: Set<string>;
  readonly stats: object[];
}

export interface World {
  readonly apps: Map<string, App>;
  readonly clock: Clock;
  readonly times: AblyTimes;
  readonly limits: AblyLimits;
  readonly faults: Faults;
  /** By id: those that are up, and those that may be resumed. */
  readonly connections: Map<string, Connection>;
  /** Never twice the same, and later ones sort behind earlier ones. */
  nextSerial(): string;
  log(text: string): void;
}

/** @throws {AblyError} 40000, for keys that cannot be */
export function createWorld({
  keys,
  namespaces = defaultNamespaces,
  clock = systemClock,
  log = () => {},
  ...options
}: AblyOptions): World {
  const apps = new Map<string, App>();
  for (const given of keys) {
    const { key, capability = undefined } = typeof given === 'string' ? { key: given } : given;
    const [, id = '', name = '', secret = ''] = /^([^.:]+)\.([^.:]+):(.+)$/.exec(key) ?? [];
    if (secret === '') throw new AblyError(40000, `a key is app.key:secret; this one is "${key}"`);
    const app = apps.get(id) ?? createApp(id, namespaces);
    apps.set(id, app);
    const allowed = capability === undefined ? everything : parseCapability(capability);
    app.keys.set(`${id}.${name}`, { name: `${id}.${name}`, secret, capability: allowed });
  }
  let lastMs = 0;
  let count = 0;
  return {
    apps,
    clock,
    times: { ...defaultTimes, ...options.times },
    limits: { ...defaultLimits, ...options.limits },
    faults: createFaults(),
    connections: new Map(),
    nextSerial() {
      const nowMs = Math.max(lastMs, clock.now());
      count = nowMs === lastMs ? count + 1 : 0;
      lastMs = nowMs;
      return `${String(nowMs).padStart(14, '0')}-${String(count).padStart(5, '0')}@${site}`;
    },
    log,
  };
}

/** Where a serial was made. */
const site = randomBytes(4).toString('hex');

export const createApp = (id: string, namespaces: readonly AblyNamespace[]): App => ({
  id,
  namespaces,
  keys: new Map(),
  channels: new Map(),
  tokens: new Map(),
  nonces: new Set(),
  stats: [],
});

/** Letters and digits, as the service makes its ids of. */
export const randomId = (length: number): string =>
  randomBytes(length * 2)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, length);
