/** What our server states when a client connects, as the app sees it. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRealtime } from '@anywire/core';
import { createServer } from '@anywire/server';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ws } from '../src/index.ts';

it('the server of 7 members and pages of 5, without a grace, says so; a lost member is gone at once', async () => {
  const http = createHttpServer();
  const server = createServer({
    presenceGraceMs: 0,
    limits: { members: 7, historyItems: 5 },
    authenticate: ({ token = '' }) => ({ clientId: token }),
    origins: '*',
    log: () => {},
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  server.attach(http);
  const { port } = http.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/anywire`;
  const sockets: WebSocket[] = [];
  class Kept extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      sockets.push(this);
    }
  }
  const clientOf = (name: string) =>
    createRealtime({ adapter: ws({ url, WebSocket: Kept }), auth: () => name, log: () => {} });
  const [ann, bob] = [clientOf('ann'), clientOf('bob')];
  const room = ann.channel('room');
  expect(room.capabilities.presence).toMatchObject({ graceMs: 15_000, maxMembers: 5_000 });
  await ann.connection.connect();
  expect(room.capabilities.presence).toMatchObject({ graceMs: 1, maxMembers: 7 });
  expect(room.capabilities.history.limit).toBe(5);
  const here = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const stop = room.presence.members.subscribe((members) => {
        if (members.length === count) queueMicrotask(() => (stop(), resolve()));
      });
    });
  const came = here(1);
  await bob.channel('room').presence.enter({});
  await came;
  const gone = here(0);
  sockets[1]?.terminate();
  await gone;
  await Promise.all([ann.close(), bob.close()]);
  await server.close();
  await new Promise((resolve) => http.close(resolve));
}, 10_000); // a grace of core's own would be 15 s
