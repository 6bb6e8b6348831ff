/**
 * The memory hub against the conformance suite, in virtual time: once as it is, once without all that a hub
 * can do without.
 */
import { RealtimeError } from '@anywire/core';
import { createMemoryHub, memory, type MemoryFeature, type MemoryHub } from '@anywire/core/memory';
import {
  describeAdapter,
  virtualClock,
  type ConformanceBackend,
  type ConformanceHarness,
} from '@anywire/testkit';

interface Backend extends ConformanceBackend {
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

function setup(lacks: readonly MemoryFeature[]): Backend {
  const clock = virtualClock();
  const forbidden = new Set<string>();
  const hub = createMemoryHub({
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
  const backend: Backend = {
    hub,
    clock,
    forbidden,
    generation: 0,
    adapter: () => memory({ hub }),
    heal() {
      hub.start();
      hub.releaseAcks();
    },
    close: () => hub.forget(),
  };
  return backend;
}

const harness = (
  lacks: readonly MemoryFeature[],
  leftOut: number,
): ConformanceHarness<Backend> => ({
  capabilities: memory({ hub: createMemoryHub({ lacks }) }).capabilities,
  leftOut,
  setup: () => setup(lacks),
  credentials: ({ generation, clock }, { clientId, ttlMs }) => ({
    token: JSON.stringify({ clientId, generation, expiresAt: (clock?.now() ?? 0) + ttlMs }),
  }),
  faults: {
    drop: ({ hub }, { client }) => hub.drop(client?.clientId),
    refuse: ({ hub }, { client }) => hub.refuse(client?.clientId),
    halfOpen: ({ hub }, { client }) => hub.mute(client?.clientId),
    holdAcks: ({ hub }) => hub.holdAcks(),
    forget: ({ hub }) => hub.forget(),
    refuseAuth: ({ hub }) => hub.refuseAuth(),
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

describeAdapter('memory', harness([], 0));
describeAdapter(
  'memory without ack, resume, history, presence and echo',
  harness(['ack', 'resume', 'history', 'presence', 'echo'], 0),
);
