/**
 * A client of ours that is faster than the server allows: it waits, goes on where it was refused, and nothing is lost, doubled or
 * out of order.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Realtime } from '@anywire/core';
import { createServer, type AnywireServer, type ServerOptions } from '@anywire/server';
import { afterEach, expect, it } from 'vitest';
import { until } from './support.ts';

let end: () => Promise<void>;
afterEach(() => end());

async function start(options: ServerOptions, count: number) {
  const http = createHttpServer();
  const server = createServer({
    log: () => {},
    authenticate: ({ token }) => ({ clientId: token }),
    ...options,
  });
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/anywire`;
  const clients: Realtime[] = Array.from({ length: count }, () =>
    createRealtime({
      adapter: ws({ url }),
      auth: () => 'ann',
      outboxMessages: 2_000,
      reconnectMinMs: 10,
      reconnectMaxMs: 50,
      random: () => 0.5,
      log: () => {},
    }),
  );
  end = async () => {
    for (const client of clients) await client.close();
    await server.close({ deadlineMs: 0 });
    await new Promise((resolve) => http.close(resolve));
  };
  return { server, clients: clients as [Realtime, ...Realtime[]] };
}

const refusals = (server: AnywireServer): number =>
  server.meter().refusals.get('rate_limited') ?? 0;

it('300 publishes at 100 at once and 100 a second are stored in their order, each once', async () => {
  const {
    server,
    clients: [client],
  } = await start({ limits: { publishRate: 100, publishBurst: 100 } }, 1);
  const heard: unknown[] = [];
  const channel = client.channel('room');
  const all = new Promise<void>((resolve) => {
    channel.onAny(({ data }) => {
      if (heard.push(data) === 300) resolve();
    });
  });
  const receipts = await Promise.all(
    Array.from({ length: 300 }, async (_, n) => channel.publish('said', n)),
  );
  await all;
  expect(heard).toEqual(Array.from({ length: 300 }, (_, n) => n));
  expect(receipts.map(({ serial }) => serial)).toEqual(
    Array.from({ length: 300 }, (_, n) => n + 1),
  );
  // It was refused and it waited: a client that does not would be refused far more often.
  expect(refusals(server)).toBeGreaterThanOrEqual(200);
  expect(refusals(server)).toBeLessThan(1_000);
});

it('60 channels are attached, also where 20 may be at once and 20 a second', async () => {
  const {
    server,
    clients: [client],
  } = await start({ limits: { requestRate: 20, requestBurst: 20 } }, 1);
  const channels = Array.from({ length: 60 }, (_, n) => client.channel(`room ${n}`));
  for (const channel of channels) channel.onAny(() => {});
  await Promise.all(channels.map(async ({ state }) => until(state, (now) => now === 'attached')));
  expect(refusals(server)).toBeGreaterThanOrEqual(40);
});

it('a third connection of a user is told so, and comes back later', async () => {
  const { server, clients } = await start({ limits: { userConnections: 2 } }, 3);
  const [first, second, third] = clients as [Realtime, Realtime, Realtime];
  await Promise.all([first.connection.connect(), second.connection.connect()]);
  void third.connection.connect().catch(() => {});
  await until(third.connection.state, (state) => state === 'reconnecting');
  expect(third.connection.error).toMatchObject({ code: 'connection_failed', vendorCode: 4003 });
  expect(server.meter().limited.get('userConnections')).toBe(1);
});
