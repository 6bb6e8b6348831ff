/**
 * What the conformance suite meets behind a dialect: a server as tutorials write one, which imports nothing of ours, behind
 * real TCP, with one fault proxy for each client of a case. In real time.
 *
 * @see packages/adapter-ws/test/dialect.conformance.test.ts and those of the other transports
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Adapter, Capabilities } from '@anywire/core';
import type { ConformanceBackend, ConformanceHarness, FaultTarget } from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterAll, beforeAll } from 'vitest';

let proxies: readonly FaultProxy[];

/** Starts the server and its proxies around all tests of the file. @param start - Answers what ends it. */
export function useExistingServer(start: (http: Server) => () => unknown): void {
  let http: Server;
  let end: () => unknown;
  beforeAll(async () => {
    http = createServer();
    end = start(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    proxies = await Promise.all([0, 1, 2, 3].map(() => startFaultProxy({ target: { port } })));
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    await end();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
}

const proxiesOf = ({ client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;
const cut = (target: FaultTarget): void => {
  for (const proxy of proxiesOf(target)) proxy.cut();
};

const noTokens = 'the server knows no tokens: a client says by itself who it is';
const noSilence = 'the server says nothing while nothing happens: its silence proves nothing';
const noOrders = 'the server is not ours to command';

/** @param adapterOf - The adapter at `host`: `127.0.0.1:<port>`. */
export const dialectHarness = (
  adapterOf: (host: string) => Adapter,
  { capabilities, leftOut }: { readonly capabilities: Capabilities; readonly leftOut: number },
): ConformanceHarness<ConformanceBackend> => ({
  capabilities,
  leftOut,
  setup: () => ({
    adapter: ({ index }) => adapterOf(`127.0.0.1:${proxies[index]?.port}`),
    options: { reconnectMinMs: 20, reconnectMaxMs: 100, timeoutMs: 4_000 },
    heal() {
      for (const proxy of proxies) proxy.heal();
    },
  }),
  credentials: noTokens,
  faults: {
    drop: (_, target) => cut(target),
    refuse(_, target) {
      for (const proxy of proxiesOf(target)) proxy.refuse();
      cut(target);
    },
    // It keeps nothing: whoever comes back finds it as after a restart.
    forget: (_, target) => cut(target),
    dropAfter: 'the frames of the server have no size that could be counted in bytes',
    halfOpen: noSilence,
    sleep: 'real time cannot be moved',
    holdAcks: noSilence,
    delayAcks(_, { count }) {
      for (const proxy of proxies) proxy.delay(count / 2); // there and back
    },
    loseAcks: noOrders,
    narrow: 'the server states no limits',
    duplicate: noOrders,
    reorder: 'TCP delivers in order, and so does the server',
    refuseAuth: noTokens,
    expireTokens: noTokens,
    forbid: noOrders,
    endChannel: noOrders,
  },
});
