/**
 * A backend inside the process: several clients meet in one hub. For tests, server rendering and stories.
 *
 * It has everything (acks with serials, resume, history, presence), and a test can break any of it: cut wires,
 * stop the hub, hold acknowledgements, forget. `lacks` takes features away, to see an app on a poorer backend;
 * `limits` takes them away when it answers, as a service does that knows the client's key.
 *
 *     const hub = createMemoryHub();
 *     const ann = createRealtime({ adapter: memory({ hub, clientId: 'ann' }) });
 *
 * @module
 */
import { systemClock, type Clock } from './clock.ts';
import type { Adapter, Capabilities, Drop, Limits } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { connect } from './memory-connection.ts';
import { Hub } from './memory-hub.ts';
import { dropOf, type Authenticate } from './memory-identity.ts';
import type { HubAccess } from './memory-settings.ts';

export type { HubAccess } from './memory-settings.ts';
export type { Authenticate } from './memory-identity.ts';

/** A feature that a hub can do without. */
export type MemoryFeature =
  'ack' | 'resume' | 'history' | 'historyAfter' | 'rewind' | 'presence' | 'echo' | 'binary';

/** What a hub can do, and whom it lets in. */
export interface MemoryHubOptions {
  /** What this hub cannot do. @default [] */
  readonly lacks?: readonly MemoryFeature[];
  /** How messages arrive. With `sender` they have no serials and no cursors. @default 'serial' */
  readonly order?: 'serial' | 'overtaking' | 'sender';
  /** Messages kept in each channel. @default 1_000 */
  readonly historySize?: number;
  /** Bytes of data: as JSON, or as they are. @default 65_536 */
  readonly maxPayloadBytes?: number;
  /** What it states when a client connects. @default nothing */
  readonly limits?: Limits;
  /** How long a member whose connection broke stays, in ms; 0: the hub has no grace. @default 15_000 */
  readonly presenceGraceMs?: number;
  /** @default 25_000 */
  readonly heartbeatMs?: number;
  /** Says who a token is, or throws a RealtimeError. @default everybody is who they claim to be */
  readonly authenticate?: Authenticate;
  /** @default everybody may do everything */
  readonly authorize?: (access: HubAccess) => boolean;
  /** @default the system's */
  readonly clock?: Clock;
  /** How something crosses the wire: later, and in order. @default queueMicrotask */
  readonly defer?: (fn: () => void) => void;
}

/** The side of the app and of tests. Faults end when they are undone. */
export interface MemoryHub {
  /** How many clients are connected. */
  readonly connections: number;
  /** Sends a message that no client sent; it has no id. `data` is a JSON value or a `Uint8Array`. */
  publish(channel: string, event: string, data: unknown): void;
  /** Cuts connections: those of one client, or all. */
  drop(clientId?: string, drop?: Partial<Drop>): void;
  /** Drops one client, or all, and refuses them when they come back. */
  stop(clientId?: string): void;
  /** Undoes `stop`, `mute` and `refuseAuth`. Connections that were muted stay dead. */
  start(): void;
  /** Half-open: nothing crosses any more, nobody is told, and new connections hear nothing. */
  mute(clientId?: string): void;
  /** A restart that loses everything: messages, members, epochs. */
  forget(): void;
  /** From now on publishes are kept and delivered, but not answered. */
  holdAcks(): void;
  /** Answers what waits, where the connection still stands. */
  releaseAcks(): void;
  /** Whoever comes is refused: `auth_denied` for ever, the others until a fresh token. */
  refuseAuth(code?: 'auth_failed' | 'auth_denied' | 'token_expired'): void;
  /** The next `count` deliveries arrive twice. */
  duplicate(count: number): void;
  /** The next `count` messages are delivered when all of them are there, the last one first. */
  reorder(count: number): void;
  /** Ends one channel for everybody attached. */
  evict(channel: string, drop: Drop): void;
}

/** Which hub, and as whom. */
export interface MemoryOptions {
  /** @default one hub shared by all adapters of this process that name none */
  readonly hub?: MemoryHub;
  /** Who we are, where the hub does not authenticate. @default the `clientId` of `createRealtime` */
  readonly clientId?: string;
}

/** Public hub -> its inside, so that tests cannot lean on what is not promised. */
const insides = new WeakMap<MemoryHub, Hub>();
let shared: MemoryHub | undefined;

/** A place where clients of one process meet. */
export function createMemoryHub(options: MemoryHubOptions = {}): MemoryHub {
  const hub = new Hub({
    clock: options.clock ?? systemClock,
    defer: options.defer ?? ((fn) => queueMicrotask(fn)),
    capabilities: capabilitiesOf(options),
    historySize: options.historySize ?? 1_000,
    heartbeatMs: options.heartbeatMs ?? 25_000,
    ...(options.limits && { limits: options.limits }),
    ...(options.authenticate && { authenticate: options.authenticate }),
    ...(options.authorize && { authorize: options.authorize }),
  });
  let release = (): void => {};
  const face: MemoryHub = {
    get connections() {
      return hub.connections.size;
    },
    publish: (channel, event, data) => hub.say(channel, event, data),
    drop: (clientId, drop) =>
      hub.sever({ ...dropOf('connection_failed', 'the connection was cut'), ...drop }, clientId),
    stop(clientId) {
      const drop = dropOf('connection_failed', 'the hub is stopped');
      hub.doors.set(clientId, drop);
      hub.sever(drop, clientId);
    },
    start: () => hub.doors.clear(),
    mute(clientId) {
      hub.doors.set(clientId, 'silent');
      hub.sever(undefined, clientId);
    },
    forget: () => hub.forget(),
    holdAcks: () => void (hub.acks ??= new Promise((resolve) => (release = resolve))),
    releaseAcks() {
      hub.acks = undefined;
      release();
    },
    refuseAuth: (code = 'auth_failed') =>
      void hub.doors.set(undefined, dropOf(code, 'the hub refuses this token')),
    duplicate: (count) => void (hub.duplicates = count),
    reorder: (count) => hub.reorder(count),
    evict: (channel, drop) => hub.evict(channel, drop),
  };
  insides.set(face, hub);
  return face;
}

/** The adapter of one client of a {@link MemoryHub}. @throws {RealtimeError} invalid */
export function memory({
  hub = (shared ??= createMemoryHub()),
  clientId,
}: MemoryOptions = {}): Adapter {
  const inside = insides.get(hub);
  if (!inside)
    throw new RealtimeError('invalid', 'memory({ hub }) takes what createMemoryHub() returned');
  const { capabilities } = inside.settings;
  return {
    name: 'memory',
    specVersion: 1,
    capabilities,
    capabilitiesFor({ name, history }) {
      if (history) return capabilities;
      inside.unkept.add(name);
      const none = { support: 'none', limit: 0, retentionMs: 0, after: false } as const;
      const ack = capabilities.ack === 'stored' ? 'accepted' : capabilities.ack;
      return { ...capabilities, ack, rewind: 'none', history: none };
    },
    open: (link) => connect(inside, link, clientId, hub),
  };
}

/** What needs serials. */
const unserial: readonly MemoryFeature[] = ['resume', 'historyAfter'];

function capabilitiesOf({
  lacks = [],
  order = 'serial',
  ...options
}: MemoryHubOptions): Capabilities {
  const hasSerials = order !== 'sender';
  const missing = new Set([...lacks, ...(hasSerials ? [] : unserial)]);
  const support = (...features: MemoryFeature[]): 'native' | 'none' =>
    features.some((feature) => missing.has(feature)) ? 'none' : 'native';
  const isStored = hasSerials && !missing.has('history');
  const dayMs = 86_400_000;
  return {
    ack: missing.has('ack') ? 'written' : isStored ? 'stored' : 'accepted',
    order,
    attach: 'confirmed',
    reconnect: 'core',
    resume: { support: support('resume'), windowMs: missing.has('resume') ? 0 : dayMs },
    idempotencyWindowMs: 120_000,
    resendAfterReload: true,
    publish: { maxBatch: 100, inFlight: 16, needsAttach: false },
    history: {
      support: support('history'),
      limit: 1_000,
      retentionMs: dayMs,
      after: support('history', 'historyAfter') === 'native',
    },
    rewind: support('rewind', 'history'),
    presence: {
      support: support('presence'),
      watchOnly: true,
      update: support('presence'),
      perInstance: true,
      graceMs: options.presenceGraceMs ?? 15_000,
      occupancy: support('presence'),
      maxMembers: 1_000,
    },
    echo: support('echo'),
    binary: support('binary'),
    maxPayloadBytes: options.maxPayloadBytes ?? 65_536,
    limits: {},
  };
}
