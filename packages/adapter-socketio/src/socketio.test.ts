/** The adapter and the plugin, end to end: a real `socket.io` server, a real `socket.io-client`. */
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
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
});
