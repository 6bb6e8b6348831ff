/**
 * What the conformance suite meets behind the Supabase adapter: the emulator on a port of this machine, the real client, and one fault
 * proxy for each client of a case. In real time, with shortened time-outs.
 *
 * @see packages/adapter-supabase/test
 */
import type { Adapter, Capabilities, Session } from '@anywire/core';
import { signToken, startSupabase, type SupabaseServer } from '@anywire/emulators/supabase';
import type {
  ConformanceBackend,
  ConformanceClient,
  ConformanceHarness,
  FaultTarget,
} from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterAll, beforeAll } from 'vitest';
import { forgetVendorTimers } from './vendor-timers.ts';

forgetVendorTimers();

export const jwtSecret = 'a secret of the project';
export const key = 'sb_publishable_key';

let service: SupabaseServer;
let proxies: readonly FaultProxy[];
const forbidden = new Set<string>();

export const theService = (): SupabaseServer => service;

/** Starts the service and its proxies around all tests of the file. */
export function useSupabase(): void {
  beforeAll(async () => {
    service = await startSupabase({
      ...{ jwtSecret, keys: { [key]: 'anon' } },
      policy: ({ topic, claims }) => claims.role === 'authenticated' && !forbidden.has(topic),
      // A case may be quicker than a person.
      limits: { messagesPerSecond: 1_000_000, joinsPerSecond: 1_000_000, presencePer30s: 1_000 },
      times: { joinBackoffMs: 0, connectBackoffMs: 0 },
    });
    const { port } = service;
    proxies = await Promise.all([0, 1, 2, 3].map(() => startFaultProxy({ target: { port } })));
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    await service.close();
  });
}

/** The project, through the proxy of a client. */
export const urlOf = ({ index }: ConformanceClient): string =>
  `http://127.0.0.1:${proxies[index]?.port}`;

const proxiesOf = ({ client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;
const cut = (target: FaultTarget): void => {
  for (const proxy of proxiesOf(target)) proxy.cut();
};
const ends = new Set<() => void>();

const faults = (isPrivate: boolean): ConformanceHarness<ConformanceBackend>['faults'] => ({
  drop: (_, target) => cut(target),
  dropAfter: 'the frames of the service have no size that could be counted in bytes',
  refuse(_, target) {
    for (const proxy of proxiesOf(target)) proxy.refuse();
    cut(target);
  },
  halfOpen(_, target) {
    for (const proxy of proxiesOf(target)) proxy.halfOpen();
  },
  sleep: 'real time cannot be moved',
  forget() {
    service.forget();
    service.drain();
  },
  holdAcks: () => service.holdReplies(),
  delayAcks: (_, { count }) => service.delayReplies(count),
  loseAcks: (_, { count }) => service.loseReplies(count),
  narrow: 'the service does not tell its limits',
  duplicate() {
    const end = service.intercept((frame, direction) => {
      if (direction === 'in' || frame.event !== 'broadcast') return frame;
      end();
      ends.delete(end);
      return [frame, frame];
    });
    ends.add(end);
  },
  reorder: 'one connection delivers in order',
  refuseAuth: 'a handshake that is refused looks like a network that is down',
  expireTokens() {
    for (const topic of new Set(service.joined()))
      service.closeChannel(topic, 'Token has expired 1 seconds ago');
  },
  forbid: isPrivate
    ? (_, { channel }) => {
        forbidden.add(channel);
        service.recheck();
      }
    : 'public channels are open to everybody',
  endChannel: (_, { channel }) => void service.crash(channel),
});

function heal(): void {
  for (const proxy of proxies) proxy.heal();
  for (const end of ends) end();
  ends.clear();
  forbidden.clear();
  service.loseReplies(0);
  service.delayReplies(0);
  service.releaseReplies();
}

export const tokenOf = (clientId: string | undefined, expiresAt: number): string =>
  signToken({ role: 'authenticated', sub: clientId, exp: Math.ceil(expiresAt / 1_000) }, jwtSecret);

const credentials: ConformanceHarness['credentials'] = (_, { clientId, ttlMs }) => {
  const expiresAt = Date.now() + ttlMs;
  return Promise.resolve({
    ...(clientId !== undefined && { clientId }),
    ...{ token: tokenOf(clientId, expiresAt), expiresAt },
  });
};

export interface SupabaseSetup {
  readonly adapter: (client: ConformanceClient) => Adapter;
  readonly capabilities: Capabilities;
  readonly isPrivate: boolean;
  readonly leftOut: number;
  readonly close?: () => Promise<void>;
}

/** The same adapter where every channel is public: by default they are private. */
export function publicly(adapter: Adapter): Adapter {
  return {
    ...adapter,
    open(link, resume) {
      const session = adapter.open(link, resume);
      const attach: Session['attach'] = (name, request) =>
        session.attach(name, { ...request, spec: { ...request.spec, kind: 'public' } });
      return Object.assign(Object.create(session) as Session, { attach });
    },
  };
}

export const supabaseHarness = ({
  adapter,
  capabilities,
  isPrivate,
  leftOut,
  close = () => Promise.resolve(),
}: SupabaseSetup): ConformanceHarness => ({
  ...{ capabilities, leftOut, faults: faults(isPrivate) },
  setup: () => ({
    adapter,
    options: {
      ...{ reconnectMinMs: 20, reconnectMaxMs: 100, timeoutMs: 4_000 },
      ...{ heartbeatMs: 900, heartbeatSlackMs: 300 },
      presenceGraceMs: 500,
    },
    heal,
    close,
  }),
  credentials,
});
