/**
 * How the conformance suite makes the memory hub suffer.
 */
import { RealtimeError, type Adapter, type Capabilities } from '@anywire/core';
import {
  createMemoryHub,
  memory,
  type MemoryFeature,
  type MemoryHub,
  type MemoryHubOptions,
} from '@anywire/core/memory';
import {
  virtualClock,
  type VirtualClock,
  type ConformanceBackend,
  type ConformanceHarness,
} from '@anywire/testkit';
import type { CapabilitiesPatch } from '@anywire/testkit/fake';
import { selfReconnecting } from './self-reconnecting.ts';
import { strict } from './strict-service.ts';
import { calm, dropsAfter, troubled, type Trouble } from './trouble.ts';

export interface MemoryBackend extends ConformanceBackend {
  readonly clock: VirtualClock;
  readonly hub: MemoryHub;
  readonly trouble: Trouble;
  /** Channels that nobody may use. */
  readonly forbidden: Set<string>;
  /** Tokens of an older generation have expired. */
  generation: number;
}

interface Token {
  readonly clientId?: string;
  readonly expiresAt: number;
  readonly generation: number;
}

/** What makes a hub poorer than `lacks` can. */
export interface Poorer {
  readonly hub?: MemoryHubOptions;
  /** Declared instead; the hub can do at least as much. */
  readonly declares?: CapabilitiesPatch;
  /** Wraps the adapter, as another kind of SDK would. */
  readonly as?: (adapter: Adapter) => Adapter;
}

function setup(
  lacks: readonly MemoryFeature[],
  { hub: options, declares, as = (adapter) => adapter }: Poorer,
): MemoryBackend {
  const clock = virtualClock();
  const forbidden = new Set<string>();
  const trouble = calm();
  const hub = createMemoryHub({
    ...options,
    clock,
    lacks,
    authorize: ({ channel }) => !forbidden.has(channel),
    authenticate(text) {
      const token = JSON.parse(text ?? 'null') as Token | null;
      if (!token) throw new RealtimeError('auth_failed', 'no token');
      if (token.generation < backend.generation)
        throw new RealtimeError('token_expired', 'expired');
      return token;
    },
  });
  const backend: MemoryBackend = {
    hub,
    clock,
    forbidden,
    trouble,
    generation: 0,
    adapter: ({ index, clientId }) =>
      as(troubled(declaring(memory({ hub }), declares), index, trouble, () => hub.drop(clientId))),
    heal() {
      hub.start();
      hub.releaseAcks();
      Object.assign(trouble, calm());
    },
    close: () => hub.forget(),
  };
  return backend;
}

/** An adapter that admits to less than it can do. */
function declaring(adapter: Adapter, patch: CapabilitiesPatch = {}): Adapter {
  const patched = (capabilities: Capabilities): Capabilities => ({
    ...capabilities,
    ...(Object.fromEntries(
      Object.entries(patch).map(([key, value]) => [
        key,
        typeof value === 'object'
          ? { ...(capabilities[key as keyof Capabilities] as object), ...value }
          : value,
      ]),
    ) as Partial<Capabilities>),
  });
  const { capabilities, capabilitiesFor } = adapter;
  return {
    ...adapter,
    capabilities: patched(capabilities),
    ...(capabilitiesFor && { capabilitiesFor: (spec) => patched(capabilitiesFor(spec)) }),
  };
}

/** A harness for hubs without `lacks`, in virtual time. */
export const memoryHarness = (
  lacks: readonly MemoryFeature[],
  leftOut: number,
  poorer: Poorer = {},
): ConformanceHarness<MemoryBackend> => ({
  capabilities: setup(lacks, poorer).adapter({ index: 0, clientId: undefined }).capabilities,
  leftOut,
  setup: () => setup(lacks, poorer),
  credentials: ({ generation, clock }, { clientId, ttlMs }) => ({
    token: JSON.stringify({ clientId, generation, expiresAt: clock.now() + ttlMs }),
  }),
  faults: {
    drop: ({ hub }, { client }) => hub.drop(client?.clientId),
    refuse: ({ hub }, { client }) => hub.stop(client?.clientId),
    halfOpen: ({ hub }, { client }) => hub.mute(client?.clientId),
    holdAcks: ({ hub }) => hub.holdAcks(),
    forget: ({ hub }) => hub.forget(),
    refuseAuth({ hub }) {
      hub.refuseAuth();
      hub.drop();
    },
    expireTokens(backend) {
      backend.generation += 1;
      backend.hub.drop(undefined, {
        error: new RealtimeError('token_expired', 'expired'),
        retry: 'fresh-token',
      });
    },
    forbid: ({ forbidden }, { channel }) => void forbidden.add(channel),
    duplicate: ({ hub }) => hub.duplicate(1),
    dropAfter: ({ trouble }, target) => void (trouble.dropAfter = dropsAfter(target)),
    delayAcks: ({ trouble }, { count }) => void (trouble.ackDelayMs = count),
    loseAcks: ({ trouble }, { count }) => void (trouble.lostAcks = count),
    narrow: ({ trouble }, { count }) => void (trouble.maxBytes = count),
    reorder: ({ hub }) => hub.reorder(2),
    sleep({ hub, clock }, { client, count }) {
      hub.mute(client?.clientId); // nobody answers the hub, so it has given up the connection
      clock.jump(count);
      hub.start();
    },
    endChannel: ({ hub }, { channel }) =>
      hub.evict(channel, {
        error: new RealtimeError('server_error', 'the hub ended this channel'),
        retry: 'backoff',
      }),
  },
});

/**
 * The backends that the cases are about: one that can do everything, ones that lack something, and one like the
 * broadcast services: no ids, no grace, and members alone see each other.
 */
export const memoryHarnesses = {
  memory: memoryHarness([], 17),
  'memory without ack, resume, history, presence, echo and binary': memoryHarness(
    ['ack', 'resume', 'history', 'presence', 'echo', 'binary'],
    67,
  ),
  'memory without resume': memoryHarness(['resume'], 20),
  'memory without resume, whose history goes backwards alone': memoryHarness(
    ['resume', 'historyAfter'],
    23,
  ),
  'memory without history': memoryHarness(['history'], 38),
  'memory whose messages overtake, without history': memoryHarness(['history'], 38, {
    hub: { order: 'overtaking' },
  }),
  'memory whose messages overtake': memoryHarness([], 17, { hub: { order: 'overtaking' } }),
  'memory in order of senders alone': memoryHarness([], 23, { hub: { order: 'sender' } }),
  'memory without a grace': memoryHarness([], 15, { hub: { presenceGraceMs: 0 } }),
  'memory behind a service that counts': memoryHarness([], 15, {
    as: (adapter) =>
      strict(adapter, {
        publish: [{ max: 10, perMs: 1_000, scope: 'connection' }],
        presence: [{ max: 5, perMs: 2_000, scope: 'channel' }],
        attach: [
          { max: 3, perMs: 1_000, scope: 'connection' },
          { max: 5, perMs: 2_000, scope: 'connection' },
        ],
      }),
  }),
  'memory that reconnects by itself': memoryHarness([], 17, { as: selfReconnecting }),
  'memory like a broadcast service': memoryHarness(['resume', 'rewind', 'history'], 56, {
    hub: { order: 'sender', presenceGraceMs: 0, maxPayloadBytes: 10_240 },
    declares: {
      idempotencyWindowMs: 0,
      publish: { maxBatch: 1, inFlight: 1, needsAttach: true },
      presence: { watchOnly: false, update: 'none', perInstance: false },
    },
    as: (adapter) => ({
      ...adapter,
      open: (link, resume) => adapter.open({ ...link, instanceId: 'one' }, resume),
    }),
  }),
} as const;
