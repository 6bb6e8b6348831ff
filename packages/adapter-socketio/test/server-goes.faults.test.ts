/** What a server does to clients over Socket.IO when it leaves, when one does not read, and when the app has its own guard. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@anywire/server';
import { startFaultProxy } from '@anywire/testkit/proxy';
import { Server } from 'socket.io';
import { io as connectSocket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { socketio } from '../src/index.ts';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await scene.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const options = { transports: [transport] };

  it('a client comes to the second server when the first closes, and the io of the app stays open', async () => {
    scene = await startScene({
      prepare: (io) =>
        void io.on('connection', (socket) => socket.on('hello', (name, answer) => answer(name))),
    });
    const http = createHttpServer();
    const io = new Server(http);
    const second = createServer({ log: () => {} });
    second.attachSocketIO(io);
    cleanups.push(
      () => second.close({ deadlineMs: 0 }),
      () => io.close(),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const urls = [scene.url, `http://127.0.0.1:${(http.address() as AddressInfo).port}`];
    const client = scene.client(socketio({ url: () => urls[0]!, options }));
    const room = client.channel('room');
    await room.attach();
    const own = connectSocket(scene.url, { ...options, forceNew: true });
    cleanups.push(() => own.disconnect());
    expect(await own.emitWithAck('hello', 'ann')).toBe('ann');

    urls.shift();
    await scene.server.close();
    await expect.poll(() => second.stats().connections, { timeout: 5_000 }).toBe(1);
    expect((await room.publish('said', 1)).level).toBe('stored');
    expect(own.connected).toBe(true);
    expect(await own.emitWithAck('hello', 'bob')).toBe('bob');
  });

  it("the app's own allowRequest has its say: who it refuses does not get in, who it lets in does", async () => {
    let asked = 0;
    scene = await startScene({
      io: {
        allowRequest: (request, decide) => {
          asked += 1;
          decide(null, request.headers['x-pass'] === 'yes');
        },
      },
    });
    const refused = connectSocket(scene.url, { ...options, reconnection: false });
    cleanups.push(() => refused.disconnect());
    await new Promise((resolve) => refused.on('connect_error', resolve));
    expect([asked, scene.io.engine.clientsCount]).toEqual([1, 0]);
    const extraHeaders = { 'x-pass': 'yes' };
    const client = scene.client(
      socketio({ url: scene.url, options: { ...options, extraHeaders } }),
    );
    await client.connection.connect();
    expect(asked).toBe(2);
  });
});

it('a client that does not read is dropped over 64 kB, and hears all 200 messages once when it is back', async () => {
  scene = await startScene({ server: { limits: { outboundBytes: 65_536 } } });
  const proxy = await startFaultProxy({ target: { port: Number(new URL(scene.url).port) } });
  cleanups.push(() => proxy.close());
  const options = { transports: ['websocket'] };
  const client = scene.client(socketio({ url: `http://127.0.0.1:${proxy.port}`, options }));
  const heard: number[] = [];
  const gaps: unknown[] = [];
  const room = client.channel('room');
  room.on('said', (data) => void heard.push((data as { n: number }).n));
  room.onGap((gap) => void gaps.push(gap));
  await room.attach();
  proxy.halfOpen('toClient');
  const text = 'x'.repeat(60_000);
  const counts = Array.from({ length: 200 }, (_, n) => n + 1);
  for (const n of counts) await scene.server.publish('room', 'said', { n, text });
  const dropped = () => scene.server.meter().closes.get('slow_consumer');
  await expect.poll(dropped, { timeout: 5_000 }).toBe(1);
  proxy.cut();
  proxy.heal();
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual(counts);
  expect(gaps).toEqual([]);
});
