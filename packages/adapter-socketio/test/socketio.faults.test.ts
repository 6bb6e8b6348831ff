/** Socket.IO's own traps: each once silently lost, doubled or hung a message, or let somebody in. */
import { RealtimeError } from '@anywire/core/errors';
import { io as connectSocket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { socketio } from '../src/index.ts';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

describe('a handshake that the server refuses', () => {
  it('is tried again by core, with a fresh token: the first is refused, the second connects', async () => {
    const asked: string[] = [];
    scene = await startScene({
      server: {
        authenticate({ token }) {
          if (token !== 'good') throw new RealtimeError('auth_failed', 'no');
          return { clientId: 'ann' };
        },
      },
    });
    const client = scene.client(socketio({ url: scene.url }), {
      auth: ({ reason }) => {
        asked.push(reason);
        return asked.length === 1 ? 'bad' : 'good';
      },
    });
    await client.connection.connect();
    expect(asked).toHaveLength(2);
  });

  it('by a middleware of the app is tried again, where Socket.IO would stay away', async () => {
    let refusals = 0;
    scene = await startScene({
      prepare: (io) =>
        void io.use((_, next) => next(refusals++ === 0 ? new Error('not yet') : undefined)),
    });
    await scene.client(socketio({ url: scene.url })).connection.connect();
    expect(refusals).toBe(2);
  });
});

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const options = { transports: [transport] };

  it('comes back by itself after `io server disconnect`, and hears what was published meanwhile', async () => {
    scene = await startScene();
    const heard: unknown[] = [];
    const room = scene.client(socketio({ url: scene.url, options })).channel('room');
    room.on('said', (data) => void heard.push(data));
    await room.attach();
    scene.io.disconnectSockets();
    await scene.server.publish('room', 'said', 1);
    await expect.poll(() => heard).toEqual([1]);
  });

  it('a page of a foreign origin does not get in', async () => {
    scene = await startScene();
    const extraHeaders = { Origin: 'https://evil.example' };
    const socket = connectSocket(scene.url, { ...options, extraHeaders, reconnection: false });
    const error = await new Promise<Error>((resolve) => socket.on('connect_error', resolve));
    expect(error.message).toMatch(/error/);
    expect(scene.io.engine.clientsCount).toBe(0);
    socket.disconnect();
  });
});

describe('a socket of the app', () => {
  it('carries a room beside its events, and stays connected when the client closes', async () => {
    scene = await startScene({
      prepare: (io) =>
        void io.on('connection', (socket) => socket.on('hello', (name, answer) => answer(name))),
    });
    const socket = connectSocket(scene.url, { forceNew: true });
    const client = scene.client(socketio({ socket }));
    expect((await client.channel('room').publish('said', 1)).level).toBe('stored');
    expect(await socket.emitWithAck('hello', 'ann')).toBe('ann');
    await client.close();
    await expect.poll(() => scene.server.stats().connections).toBe(0);
    expect(socket.connected).toBe(true);
    expect(await socket.emitWithAck('hello', 'bob')).toBe('bob');
    socket.disconnect();
  });
});

it('a publish over what Socket.IO lets through is refused before it is emitted, and the connection lives', async () => {
  scene = await startScene({
    io: { maxHttpBufferSize: 140_000 },
    server: { limits: { payloadBytes: 200_000, frameBytes: 300_000 } },
  });
  const client = scene.client(socketio({ url: scene.url }));
  await client.connection.connect();
  const { id } = client.native() as { id: string };
  const room = client.channel('room');
  const large = room.publish('said', '"'.repeat(100_000));
  await expect(large).rejects.toMatchObject({ code: 'payload_too_large' });
  expect((await room.publish('said', 'small')).level).toBe('stored');
  expect((client.native() as { id: string }).id).toBe(id);
});

it('a publish made offline is sent once, after the room was joined again', async () => {
  scene = await startScene();
  const client = scene.client(socketio({ url: scene.url }));
  const room = client.channel('room');
  const heard: unknown[] = [];
  room.on('said', (data) => void heard.push(data));
  await room.attach();
  const dropped = new Promise<void>((resolve) => {
    client.connection.state.subscribe((state) => state === 'reconnecting' && resolve());
  });
  scene.io.disconnectSockets();
  await dropped;
  expect((await room.publish('said', 'offline')).level).toBe('stored');
  await expect.poll(() => heard).toEqual(['offline']);
});
