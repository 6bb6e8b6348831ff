/**
 * What the conformance suite meets behind each adapter of `anywire.v1`: a real server behind real TCP, and one fault proxy for
 * each client of a case. In real time.
 *
 * @see packages/adapter-ws/test/ws.conformance.test.ts · packages/adapter-sse/test/sse.conformance.test.ts ·
 *   packages/adapter-socketio/test/socketio.conformance.test.ts
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { RealtimeError, type Adapter, type Capabilities } from '@anywire/core';
import { createServer, type AnywireServer, type ServerOptions } from '@anywire/server';
import type { ConformanceBackend, ConformanceHarness, FaultTarget } from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterAll, beforeAll } from 'vitest';
import { unsteadyEngine, type UnsteadyEngine } from './unsteady-engine.ts';

/** About the size of a frame from the server. */
const frameBytes = 100;

/** What tests turn: whom the server refuses, and which tokens it has grown tired of. */
const rules = { refuses: false, isNarrow: false, generation: 0, forbidden: new Set<string>() };

let http: Server;
let server: AnywireServer;
let engine: UnsteadyEngine;
let proxies: readonly FaultProxy[];
let restart: (limits?: ServerOptions['limits']) => Promise<void>;

interface Token {
  readonly clientId?: string;
  readonly expiresAt: number;
  readonly generation: number;
}

/** Characters that a header can carry, whoever the client is. */
const tokenOf = (token: Token): string => Buffer.from(JSON.stringify(token)).toString('base64');

/** What else the HTTP server carries, such as `socket.io`. */
export interface V1Guest {
  start(http: Server): void;
  /** A server of ours began, the first or one after it. */
  attach(server: AnywireServer): void;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** Starts the server and its proxies around all tests of the file. */
export function useV1Server(
  codecs: NonNullable<ServerOptions['codecs']> = [],
  guest?: V1Guest,
): void {
  const start = (limits: ServerOptions['limits'] = {}): AnywireServer => {
    engine = unsteadyEngine();
    const started = createServer({
      engine: engine.engine,
      heartbeatMs: 500,
      limits,
      presenceGraceMs: 1_000,
      log: () => {},
      codecs,
      authenticate({ token = '' }) {
        const { generation, ...identity } = JSON.parse(
          Buffer.from(token, 'base64').toString(),
        ) as Token;
        if (rules.refuses) return null;
        if (generation < rules.generation) throw new RealtimeError('token_expired', 'expired');
        return identity;
      },
      authorize: ({ channel }) => !rules.forbidden.has(channel),
    });
    started.attach(http);
    guest?.attach(started);
    return started;
  };
  restart = async (limits) => {
    await server.close({ deadlineMs: 0 });
    server = start(limits);
  };

  beforeAll(async () => {
    http = createHttpServer();
    guest?.start(http);
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
    await guest?.close();
    await new Promise((resolve) => http.close(resolve));
  });
}

const proxiesOf = ({ client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;

/**
 * A client that polls is away between two requests, or its last answer is still on its way out: a cut would be none. Where
 * clients do, it is made in so many turns.
 */
let cutTurns = 1;

const cut = async (target: FaultTarget): Promise<void> => {
  for (let turn = 0; turn < cutTurns; turn++) {
    for (const proxy of proxiesOf(target)) proxy.cut();
    if (turn + 1 < cutTurns) await setImmediate();
  }
};

/**
 * A harness for the server of {@link useV1Server}.
 *
 * @param adapterOf - The adapter of the client with this index, of four, at `host`: `127.0.0.1:<port>`.
 */
export function v1Harness(
  adapterOf: (index: number, host: string) => Adapter,
  {
    capabilities,
    leftOut,
    turns = 1,
  }: {
    readonly capabilities: Capabilities;
    readonly leftOut: number;
    /** In how many turns of the event loop a connection is cut. @default 1 */
    readonly turns?: number;
  },
): ConformanceHarness<ConformanceBackend> {
  return {
    capabilities,
    leftOut,
    setup: () => {
      cutTurns = turns;
      return {
        adapter: ({ index }) => adapterOf(index, `127.0.0.1:${proxies[index]?.port}`),
        options: {
          ...{ reconnectMinMs: 20, reconnectMaxMs: 100 },
          ...{ timeoutMs: 4_000, heartbeatSlackMs: 1_500 },
        },
        async heal() {
          if (rules.isNarrow) await restart();
          rules.isNarrow = false;
          rules.refuses = false;
          rules.forbidden.clear();
          for (const proxy of proxies) proxy.heal();
        },
      };
    },
    credentials: (_, { clientId, ttlMs }) => ({
      token: tokenOf({
        ...(clientId !== undefined && { clientId }),
        generation: rules.generation,
        expiresAt: Date.now() + ttlMs,
      }),
    }),
    faults: {
      drop: (_, target) => cut(target),
      refuse(_, target) {
        for (const proxy of proxiesOf(target)) proxy.refuse();
        return cut(target);
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
        return cut(target);
      },
      expireTokens(_, target) {
        rules.generation += 1;
        return cut(target);
      },
      forbid: (_, { channel }) => void rules.forbidden.add(channel),
      dropAfter(_, target) {
        for (const proxy of proxiesOf(target)) proxy.dropAfter(target.count * frameBytes);
      },
      delayAcks(_, { count }) {
        for (const proxy of proxies) proxy.delay(count / 2); // there and back
      },
      sleep: 'real time cannot be moved',
      loseAcks: 'the proxy does not know which bytes are an answer',
      reorder: 'TCP delivers in order, and so does the server',
      async endChannel(_, { channel }) {
        // A client that polls is away between two exchanges, where it would not hear of it.
        while (server.stats().connections === 0) await setImmediate();
        await setImmediate(); // what came with the connection is done
        engine.reset(channel);
      },
      duplicate: () => engine.repeat(),
      async narrow(_, { count }) {
        await restart({ payloadBytes: count });
        rules.isNarrow = true;
      },
    },
  };
}
