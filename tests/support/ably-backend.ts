/**
 * What the conformance suite meets behind the Ably adapter: the emulator on a port of this machine, the real client, and one fault
 * proxy for each client of a case. In real time, with shortened time-outs.
 *
 * @see packages/adapter-ably/test
 */
import type { Adapter, Capabilities } from '@anywire/core';
import { startAbly, type AblyServer } from '@anywire/emulators/ably';
import type {
  ConformanceBackend,
  ConformanceClient,
  ConformanceHarness,
  FaultTarget,
} from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterAll, beforeAll } from 'vitest';

export const key = 'app.key:secret';

let service: AblyServer;
let proxies: readonly FaultProxy[];

export const theService = (): AblyServer => service;

/** Starts the service and its proxies around all tests of the file. */
export function useAbly(): void {
  beforeAll(async () => {
    service = await startAbly({
      keys: [key],
      // A case may be quicker than a person.
      limits: { publishPerSecond: 1_000_000 },
      times: { maxIdleIntervalMs: 600, presenceGraceMs: 1_000 },
    });
    const { port } = service;
    proxies = await Promise.all([0, 1, 2, 3].map(() => startFaultProxy({ target: { port } })));
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    await service.close();
  });
}

/** What Ably's client needs to reach the service through the proxy of a client. */
export const clientOptions = ({ index }: ConformanceClient): Readonly<Record<string, unknown>> => ({
  endpoint: '127.0.0.1',
  port: proxies[index]?.port,
  tls: false,
  ...{ realtimeRequestTimeout: 500, disconnectedRetryTimeout: 50, suspendedRetryTimeout: 100 },
  ...{ channelRetryTimeout: 50, httpRequestTimeout: 2_000 },
});

const proxiesOf = ({ client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;
const cut = (target: FaultTarget): void => {
  for (const proxy of proxiesOf(target)) proxy.cut();
};
const ends = new Set<() => void>();

const faults: ConformanceHarness<ConformanceBackend>['faults'] = {
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
  forget: () => service.forget(),
  holdAcks: () => service.holdAcks(),
  delayAcks: (_, { count }) => service.delayAcks(count),
  loseAcks: (_, { count }) => service.loseAcks(count),
  narrow: "the vendor's client does not show the limits of a connection",
  duplicate() {
    const end = service.intercept((frame, direction) => {
      if (direction === 'in' || frame.action !== 15) return frame;
      end();
      ends.delete(end);
      return [frame, frame];
    });
    ends.add(end);
  },
  reorder: 'one connection delivers in order',
  refuseAuth() {
    service.refuse(Infinity, 40140);
    service.disconnectWith(40140);
  },
  expireTokens: () => service.expireTokens(),
  forbid: (_, { channel }) => service.forbid(channel),
  endChannel: (_, { channel }) => void service.endChannel(channel),
};

function heal(): void {
  for (const proxy of proxies) proxy.heal();
  for (const end of ends) end();
  ends.clear();
  service.refuse(0);
  service.loseAcks(0);
  service.delayAcks(0);
  service.releaseAcks();
  service.allow();
}

/** A token of the service, asked for with the key. */
export async function requestToken(clientId: string | undefined, ttl: number): Promise<object> {
  const response = await fetch(`${service.url}/keys/app.key/requestToken`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(key).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ttl, ...(clientId !== undefined && { clientId }) }),
  });
  return (await response.json()) as object;
}

export interface AblySetup {
  readonly adapter: (client: ConformanceClient) => Adapter;
  readonly capabilities: Capabilities;
  readonly leftOut: number;
  readonly close?: () => void;
}

export const ablyHarness = ({
  adapter,
  capabilities,
  leftOut,
  close = () => {},
}: AblySetup): ConformanceHarness => ({
  ...{ capabilities, leftOut, faults },
  setup: () => ({
    adapter,
    options: {
      ...{ reconnectMinMs: 20, reconnectMaxMs: 100, timeoutMs: 4_000 },
      ...{ heartbeatMs: 900, heartbeatSlackMs: 300 },
    },
    heal,
    close,
  }),
  async credentials(_, { clientId, ttlMs }) {
    const detail = (await requestToken(clientId, ttlMs)) as { readonly expires: number };
    return { detail, expiresAt: detail.expires };
  },
});
