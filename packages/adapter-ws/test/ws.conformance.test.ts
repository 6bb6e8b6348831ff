/**
 * The ws adapter against the conformance suite, in real time: a real server behind real TCP, one fault proxy
 * for each client of a case. In each codec, and with clients of both in one channel.
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ws } from '@anywire/adapter-ws';
import { messagePack } from '@anywire/adapter-ws/messagepack';
import { RealtimeError } from '@anywire/core';
import { createServer, type AnywireServer, type ServerOptions } from '@anywire/server';
import {
  describeAdapter,
  type ConformanceBackend,
  type ConformanceHarness,
  type FaultTarget,
} from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterAll, beforeAll } from 'vitest';
import { unsteadyEngine, type UnsteadyEngine } from './unsteady-engine.ts';

/** About the size of a frame from the server. */
const frameBytes = 100;

/** What tests turn: whom the server refuses, and which tokens it has grown tired of. */
const rules = { refuses: false, isNarrow: false, generation: 0, forbidden: new Set<string>() };

const codec = messagePack();
let http: Server;
let server: AnywireServer;
let engine: UnsteadyEngine;
let proxies: readonly FaultProxy[];

interface Token {
  readonly clientId?: string;
  readonly expiresAt: number;
  readonly generation: number;
}

function start(limits: ServerOptions['limits'] = {}): AnywireServer {
  engine = unsteadyEngine();
  const started = createServer({
    engine: engine.engine,
    heartbeatMs: 500,
    limits,
    presenceGraceMs: 1_000,
    log: () => {},
    codecs: [codec],
    authenticate({ token }) {
      const { generation, ...identity } = JSON.parse(token ?? '') as Token;
      if (rules.refuses) return null;
      if (generation < rules.generation) throw new RealtimeError('token_expired', 'expired');
      return identity;
    },
    authorize: ({ channel }) => !rules.forbidden.has(channel),
  });
  started.attach(http);
  return started;
}

async function restart(limits?: ServerOptions['limits']): Promise<void> {
  await server.close({ deadlineMs: 0 });
  server = start(limits);
}

beforeAll(async () => {
  http = createHttpServer();
  server = start();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  proxies = await Promise.all(
    Array.from({ length: 4 }, () => startFaultProxy({ target: { port } })),
  );
});

afterAll(async () => {
  await server.close();
  for (const proxy of proxies) await proxy.close();
  await new Promise((resolve) => http.close(resolve));
});

const proxiesOf = ({ client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;

const cut = (target: FaultTarget): void => {
  for (const proxy of proxiesOf(target)) proxy.cut();
};

/** Whether the client with this index, of four, speaks MessagePack. */
type Speaks = (index: number) => boolean;

const backendOf = (isPacked: Speaks): ConformanceBackend => ({
  adapter({ index }) {
    const url = `ws://127.0.0.1:${proxies[index]?.port}/anywire`;
    return ws({ url, ...(isPacked(index) && { codec }) });
  },
  options: { reconnectMinMs: 20, reconnectMaxMs: 100, timeoutMs: 4_000, heartbeatSlackMs: 1_500 },
  async heal() {
    if (rules.isNarrow) await restart();
    rules.isNarrow = false;
    rules.refuses = false;
    rules.forbidden.clear();
    for (const proxy of proxies) proxy.heal();
  },
});

const harnessOf = (isPacked: Speaks): ConformanceHarness<ConformanceBackend> => ({
  // Where only some have bytes as they are, what they all can have is base64.
  capabilities: ws({
    url: 'ws://127.0.0.1/',
    ...([0, 1, 2, 3].every(isPacked) && { codec }),
  }).capabilities,
  leftOut: 19,
  setup: () => backendOf(isPacked),
  credentials: (_, { clientId, ttlMs }) => ({
    token: JSON.stringify({
      clientId,
      generation: rules.generation,
      expiresAt: Date.now() + ttlMs,
    }),
  }),
  faults: {
    drop: (_, target) => cut(target),
    refuse(_, target) {
      for (const proxy of proxiesOf(target)) proxy.refuse();
      cut(target);
    },
    halfOpen(_, target) {
      for (const proxy of proxiesOf(target)) proxy.halfOpen();
    },
    holdAcks(_, target) {
      for (const proxy of proxiesOf(target)) proxy.halfOpen('toClient');
    },
    forget: () => restart(),
    refuseAuth(_, target) {
      rules.refuses = true;
      cut(target);
    },
    expireTokens(_, target) {
      rules.generation += 1;
      cut(target);
    },
    forbid: (_, { channel }) => void rules.forbidden.add(channel),
    dropAfter(_, target) {
      for (const proxy of proxiesOf(target)) proxy.dropAfter(target.count * frameBytes);
    },
    delayAcks(_, { count }) {
      for (const proxy of proxies) proxy.delay(count);
    },
    sleep: 'real time cannot be moved',
    loseAcks: 'the proxy does not know which bytes are an answer',
    reorder: 'TCP delivers in order, and so does the server',
    endChannel: (_, { channel }) => engine.reset(channel),
    duplicate: () => engine.repeat(),
    async narrow(_, { count }) {
      await restart({ payloadBytes: count });
      rules.isNarrow = true;
    },
  },
});

describeAdapter(
  'ws',
  harnessOf(() => false),
);
describeAdapter(
  'ws with MessagePack',
  harnessOf(() => true),
);
describeAdapter(
  'ws with clients of both codecs',
  harnessOf((index) => index % 2 === 1),
);
