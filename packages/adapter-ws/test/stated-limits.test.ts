/** What our server states when a client connects, as the app sees it. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRealtime } from '@anywire/core';
import { createServer } from '@anywire/server';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ws } from '../src/index.ts';

it('the capabilities of a channel are those of the server: no grace, 7 members, pages of 5', async () => {
  const http = createHttpServer();
  const server = createServer({
    presenceGraceMs: 0,
    limits: { members: 7, historyItems: 5 },
    origins: '*',
    log: () => {},
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  server.attach(http);
  const { port } = http.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/anywire`;
  const realtime = createRealtime({ adapter: ws({ url, WebSocket }), log: () => {} });
  const room = realtime.channel('room');
  expect(room.capabilities.presence).toMatchObject({ graceMs: 15_000, maxMembers: 5_000 });
  await realtime.connection.connect();
  expect(room.capabilities.presence).toMatchObject({ graceMs: 0, maxMembers: 7 });
  expect(room.capabilities.history.limit).toBe(5);
  await realtime.close();
  await server.close();
  await new Promise((resolve) => http.close(resolve));
});
