/**
 * How the conformance suite makes the memory hub suffer.
 */
import { RealtimeError, type Adapter, type RateLimits } from '@anywire/core';
import {
  createMemoryHub,
  memory,
  type MemoryFeature,
  type MemoryHub,
  type MemoryHubOptions,
} from '@anywire/core/memory';
import { virtualClock, type ConformanceBackend, type ConformanceHarness } from '@anywire/testkit';

import { strict } from './strict-service.ts';

export interface MemoryBackend extends ConformanceBackend {
  readonly hub: MemoryHub;
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

/** A hub, and how strict the service around it is. */
export interface MemoryService extends MemoryHubOptions {
  readonly rates?: RateLimits;
}

const adapterOf = (hub: MemoryHub, rates: RateLimits | undefined): Adapter =>
  rates ? strict(memory({ hub }), rates) : memory({ hub });

function setup({ rates, ...options }: MemoryService): MemoryBackend {
  const clock = virtualClock();
  const forbidden = new Set<string>();
  const hub = createMemoryHub({
    clock,
    ...options,
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
    generation: 0,
    adapter: () => adapterOf(hub, rates),
    heal() {
      hub.start();
      hub.releaseAcks();
    },
    close: () => hub.forget(),
  };
  return backend;
}

/** A harness for hubs without `lacks`, in virtual time. */
export const memoryHarness = (
  lacks: readonly MemoryFeature[],
  leftOut: number,
  options: MemoryService = {},
): ConformanceHarness<MemoryBackend> => ({
  capabilities: adapterOf(createMemoryHub({ lacks, ...options }), options.rates).capabilities,
  leftOut,
  setup: () => setup({ lacks, ...options }),
  credentials: ({ generation, clock }, { clientId, ttlMs }) => ({
    token: JSON.stringify({ clientId, generation, expiresAt: (clock?.now() ?? 0) + ttlMs }),
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
  },
});
