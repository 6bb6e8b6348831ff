/**
 * What networks do to plain HTTP, against the real server: nothing that was acknowledged is lost, comes twice or out of order.
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sse, type SseOptions } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Adapter, type Realtime } from '@anywire/core';
import { createServer, type AnywireServer } from '@anywire/server';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { EventSource } from 'eventsource';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { startBufferingProxy } from '../../../tests/support/buffering-proxy.ts';
import { scale } from '../../../tests/tier.ts';

const rounds = scale(4, 40);
const tokenMs = 1_500;

let http: Server;
let server: AnywireServer;
let proxy: FaultProxy;
let clients: Realtime[];
/** Tokens that the server has seen. */
let seen: Set<string>;

beforeEach(async () => {
  clients = [];
  seen = new Set();
  http = createHttpServer();
  server = createServer({
    heartbeatMs: 400,
    origins: '*',
    log: () => {},
    authenticate: ({ token = '' }) => {
      seen.add(token);
      const [clientId = '', until] = token.split('.');
      return { clientId, ...(until && { expiresAt: Number(until) }) };
    },
  });
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy({ target: { port: portOf(http) } });
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close({ deadlineMs: 0 });
  await proxy.close();
  http.closeAllConnections(); // `fetch` keeps idle ones for seconds
  await new Promise((resolve) => http.close(resolve));
});

const portOf = (given: Server): number => (given.address() as AddressInfo).port;

function client(adapter: Adapter, token = (): string => 'ann'): Realtime {
  const made = createRealtime({
    adapter,
    auth: () => token(),
    ...{ reconnectMinMs: 10, reconnectMaxMs: 50, heartbeatSlackMs: 800 },
    log: () => {},
  });
  clients.push(made);
  return made;
}

const bySocket = (): Realtime =>
  client(ws({ url: `ws://127.0.0.1:${portOf(http)}/anywire` }), () => 'bob');

const byHttp = (port: number, options: Omit<SseOptions, 'url'>): Adapter =>
  sse({ url: `http://127.0.0.1:${port}/anywire`, ...options });

/** Collects what `realtime` hears in the channel, and where it may have missed something. */
async function listen(realtime: Realtime) {
  const room = realtime.channel('room');
  const heard: number[] = [];
  const gaps: string[] = [];
  const tellers = new Set<() => void>();
  room.on('n', (data) => {
    heard.push(data as number);
    for (const tell of tellers) tell();
  });
  room.onGap(({ continuity }) => gaps.push(continuity));
  await room.attach();
  return {
    ...{ room, heard, gaps },
    count: (n: number): Promise<void> =>
      new Promise((resolve) => {
        const tell = (): void => {
          if (heard.length < n) return;
          tellers.delete(tell);
          resolve();
        };
        tellers.add(tell);
        tell();
      }),
  };
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at);

describe.each([
  ['a stream', { transport: 'stream' }],
  ['long polling', { transport: 'poll' }],
  ['an EventSource', { transport: 'eventsource', EventSource }],
] as const)('over %s', (name, options) => {
  it(`${rounds} times cut off after some bytes: 40 messages each way, each once and in order`, async () => {
    const random = randomFrom(name);
    const ann = client(byHttp(proxy.port, options));
    const bob = bySocket();
    const [atAnn, atBob] = await Promise.all([listen(ann), listen(bob)]);
    for (const round of upTo(rounds)) {
      proxy.dropAfter(Math.floor(random() * 12_000));
      const sent = upTo(20).flatMap((n) => [
        atAnn.room.publish('n', round * 40 + n),
        atBob.room.publish('n', round * 40 + 20 + n),
      ]);
      await Promise.all(sent);
      await Promise.all([atAnn.count(round * 40 + 40), atBob.count(round * 40 + 40)]);
    }
    expect(atAnn.heard).toEqual(atBob.heard);
    expect(atAnn.heard.toSorted((a, b) => a - b)).toEqual(upTo(rounds * 40));
    const ofAnn = atAnn.heard.filter((n) => n % 40 < 20);
    expect(ofAnn).toEqual(ofAnn.toSorted((a, b) => a - b));
    expect([...atAnn.gaps, ...atBob.gaps]).toEqual([]);
  });

  it('the server breaks all connections in mid-stream, twice: the 10 messages of the time between are there', async () => {
    const atAnn = await listen(client(byHttp(portOf(http), options)));
    const bob = bySocket().channel('room');
    for (const round of [0, 1]) {
      http.closeAllConnections();
      for (const n of upTo(10)) await bob.publish('n', round * 10 + n);
      await atAnn.count(round * 10 + 10);
    }
    expect([atAnn.heard, atAnn.gaps]).toEqual([upTo(20), []]);
  });

  it('half-open, then healed: found out by the heartbeat, and nothing is missing', async () => {
    const ann = client(byHttp(proxy.port, options));
    const atAnn = await listen(ann);
    const bob = bySocket().channel('room');
    await bob.publish('n', 0);
    await atAnn.count(1);
    const lost = new Promise<void>((resolve) => {
      const stop = ann.connection.state.subscribe((state) => {
        if (state === 'connected') return;
        queueMicrotask(() => stop());
        resolve();
      });
    });
    proxy.halfOpen();
    await bob.publish('n', 1);
    await lost;
    proxy.heal();
    await bob.publish('n', 2);
    await atAnn.count(3);
    expect([atAnn.heard, atAnn.gaps]).toEqual([[0, 1, 2], []]);
  });

  it('3 tokens of 1.5 s: renewed in place, publishes go on, and the connection never breaks', async () => {
    let issued = 0;
    const ann = client(
      byHttp(portOf(http), options),
      () => `ann.${Date.now() + tokenMs}.${(issued += 1)}`,
    );
    const atAnn = await listen(ann);
    const states: string[] = [];
    ann.connection.state.subscribe((state) => states.push(state));
    for (let n = 0; issued < 4; n += 1) {
      await atAnn.room.publish('n', n);
      await atAnn.count(n + 1);
    }
    expect(states).toEqual(['connected']);
    expect(seen.size).toBeGreaterThanOrEqual(3);
  });
});

describe('behind a proxy that holds every answer back', () => {
  it('auto finds out, polls, and remembers: 3 connections, 1 stream tried, 60 messages each once', async () => {
    const held = await startBufferingProxy({ port: portOf(http) });
    const adapter = byHttp(held.port, { streamTimeoutMs: 200 });
    const bob = bySocket().channel('room');
    for (const round of [0, 1, 2]) {
      const ann = client(adapter);
      const atAnn = await listen(ann);
      for (const n of upTo(10)) {
        await bob.publish('n', round * 20 + n);
        await atAnn.room.publish('n', round * 20 + 10 + n);
      }
      await atAnn.count(20);
      expect(atAnn.heard.toSorted((a, b) => a - b)).toEqual(upTo(20).map((n) => round * 20 + n));
      expect(ann.native()).toBeUndefined();
      await ann.close();
    }
    expect(held.asked.filter((path) => path.endsWith('/sse'))).toHaveLength(1);
    await held.close();
  });
});
