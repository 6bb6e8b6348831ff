/** The adapter and the plugin, end to end: a real `socket.io` server, a real `socket.io-client`. */
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import type { Realtime } from '@anywire/core';
import { defineDialect } from '@anywire/core/dialect';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { startScene, type Scene } from '../test/scene.ts';
import { socketio } from './index.ts';

let scene: Scene;
afterEach(() => scene.close());

describe('socketio({ url })', () => {
  it('shares a room with ws and sse: 3 clients hear the same 3 messages in the same order', async () => {
    scene = await startScene();
    const { url } = scene;
    const adapters = [
      socketio({ url }),
      ws({ url: `${url.replace('http', 'ws')}/anywire` }),
      sse({ url: `${url}/anywire`, transport: 'stream' }),
    ];
    const clients = adapters.map((adapter, n) =>
      scene.client(adapter, { auth: () => `user-${n}` }),
    );
    const rooms = clients.map((client) => client.channel('room:1'));
    const heard: unknown[][] = rooms.map(() => []);
    rooms.forEach((room, n) => room.on('said', (data) => heard[n]?.push(data)));
    await Promise.all(rooms.map((room) => room.attach()));
    const receipts = [];
    for (const [n, room] of rooms.entries()) receipts.push(await room.publish('said', n));
    expect(receipts.map(({ level }) => level)).toEqual(['stored', 'stored', 'stored']);
    await expect
      .poll(() => heard)
      .toEqual([
        [0, 1, 2],
        [0, 1, 2],
        [0, 1, 2],
      ]);
    expect([...scene.server.meter().open]).toContainEqual(['socketio', 1]);
  });

  it('ends with the reason when its URL cannot be, also once the client library is loaded', async () => {
    scene = await startScene();
    const client = scene.client(socketio({ url: 'not a URL', namespace: '/chat' }));
    await expect(client.connection.connect()).rejects.toThrow(/Invalid URL/);
  });

  it('meets others in the namespace that it names, and nobody on that of the app', async () => {
    scene = await startScene({ namespace: '/chat' });
    const { url, io: server } = scene;
    const [ann, bob] = ['ann', 'bob'].map((name) =>
      scene.client(socketio({ url: `${url}/ignored`, namespace: '/chat' }), { auth: () => name }),
    ) as [Realtime, Realtime];
    const heard = ann.channel('room:1').once('said');
    await ann.channel('room:1').attach();
    expect((await bob.channel('room:1').publish('said', 1)).level).toBe('stored');
    expect((await heard).data).toBe(1);
    expect([server.of('/chat').sockets.size, server.of('/').sockets.size]).toEqual([2, 0]);
  });

  it('gets 20 publishes of 20 KB, and 1 of 30,000 quotes, through where the server takes 132,096 bytes at once', async () => {
    scene = await startScene({ io: { maxHttpBufferSize: 132_096 } });
    const client = scene.client(socketio({ url: scene.url }), { auth: () => 'ann' });
    const room = client.channel('room:1');
    const heard: unknown[] = [];
    room.on('said', (data) => heard.push(data));
    await room.attach();
    const states: string[] = [];
    client.connection.state.subscribe((state) => states.push(state));
    // A quote is 2 signs in the frame, and 4 in the packet.
    const quotes = '"'.repeat(30_000);
    const texts = [...Array.from({ length: 20 }, (_, n) => `${n} ${'x'.repeat(20_000)}`), quotes];
    await Promise.all(texts.map((text) => room.publish('said', text)));
    await expect.poll(() => heard).toEqual(texts);
    expect(states).toEqual(['connected']);
  });
});

describe('socketio({ socket })', () => {
  it('refuses a socket with the option retries, which would send each frame again; also with a dialect', async () => {
    scene = await startScene();
    const socket = io(scene.url, { autoConnect: false, retries: 3 });
    const dialect = defineDialect({ name: 'deaf', on: 'socketio', receive: () => undefined });
    for (const options of [{ socket }, { socket, dialect }])
      await expect(scene.client(socketio(options)).connection.connect()).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('`retries`') as string,
      });
    expect([socket.active, socket.sendBuffer]).toEqual([false, []]);
  });
});
