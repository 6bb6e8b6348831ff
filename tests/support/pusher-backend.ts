/**
 * What the conformance suite meets behind the Pusher adapter: the emulator on a port of this machine, the real pusher-js, and one
 * fault proxy for each client of a case. In real time, with shortened time-outs.
 *
 * @see packages/adapter-pusher/test
 */
import type { Adapter, Capabilities } from '@anywire/core';
import { startPusher, type PusherServer } from '@anywire/emulators/pusher';
import type {
  ConformanceBackend,
  ConformanceClient,
  ConformanceHarness,
  FaultTarget,
} from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import PusherSdk from 'pusher';
import { afterAll, beforeAll } from 'vitest';

export const app = { id: '1', key: 'key', secret: 'secret' };
/** Of encrypted channels. */
export const encryptionMasterKeyBase64: string = Buffer.alloc(32, 7).toString('base64');

let service: PusherServer;
let proxies: readonly FaultProxy[];

export const theService = (): PusherServer => service;

/** The vendor's library for backends, against the emulator. */
export function serverLibrary(): PusherSdk {
  const { host, port } = service;
  return new PusherSdk({
    ...{ appId: app.id, key: app.key, secret: app.secret, encryptionMasterKeyBase64 },
    ...{ host, port: String(port), useTLS: false },
  });
}

/** Starts the service and its proxies around all tests of the file. */
export function usePusher(
  started: () => Promise<unknown> = async () => {},
  end: () => Promise<unknown> = async () => {},
): void {
  beforeAll(async () => {
    // A case may be quicker than a person.
    service = await startPusher({ apps: [app], limits: { clientEventsPerSecond: 1_000 } });
    const { port } = service;
    proxies = await Promise.all([0, 1, 2, 3].map(() => startFaultProxy({ target: { port } })));
    await started();
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    await end();
    await service.close();
  });
}

/** What `pusher()` needs to reach the service through the proxy of a client. */
export const clientOptions = ({ index }: ConformanceClient): Readonly<Record<string, unknown>> => ({
  wsHost: '127.0.0.1',
  wsPort: proxies[index]?.port,
  forceTLS: false,
  ...{ activityTimeout: 400, pongTimeout: 300, unavailableTimeout: 2_000 },
});

const proxiesOf = ({ client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;
const cut = (target: FaultTarget): void => {
  for (const proxy of proxiesOf(target)) proxy.cut();
};

type Faults = ConformanceHarness<ConformanceBackend>['faults'];

/** What the network between clients and the service can do. */
export const networkFaults: Faults = {
  drop: (_, target) => cut(target),
  refuse(_, target) {
    for (const proxy of proxiesOf(target)) proxy.refuse();
    cut(target);
  },
  forget: (_, target) => cut(target),
  dropAfter: 'the frames of the service have no size that could be counted in bytes',
  halfOpen(_, target) {
    for (const proxy of proxiesOf(target)) proxy.halfOpen();
  },
  sleep: 'real time cannot be moved',
  holdAcks: 'nothing is acknowledged over the connection',
  delayAcks: 'nothing is acknowledged over the connection',
  loseAcks: 'nothing is acknowledged over the connection',
  narrow: 'the service states no limits',
  duplicate: 'the emulator sends what it was given once',
  reorder: 'one connection delivers in order',
  refuseAuth: 'the service knows no tokens',
  expireTokens: 'the service knows no tokens',
  forbid: 'it is the app that signs',
  endChannel: 'the service ends no channel',
};

export interface PusherSetup {
  readonly adapter: (client: ConformanceClient) => Adapter;
  readonly capabilities: Capabilities;
  readonly leftOut: number;
  readonly credentials: ConformanceHarness<ConformanceBackend>['credentials'];
  readonly faults?: Partial<Faults>;
  readonly heal?: () => void;
}

export const pusherHarness = ({
  adapter,
  capabilities,
  leftOut,
  credentials,
  faults,
  heal = () => {},
}: PusherSetup): ConformanceHarness<ConformanceBackend> => ({
  ...{ capabilities, leftOut, credentials },
  setup: () => ({
    adapter,
    options: {
      reconnectMinMs: 20,
      reconnectMaxMs: 100,
      timeoutMs: 4_000,
      heartbeatMs: 900,
      heartbeatSlackMs: 300,
      presenceGraceMs: 500,
    },
    heal() {
      for (const proxy of proxies) proxy.heal();
      heal();
    },
  }),
  faults: { ...networkFaults, ...faults },
});
