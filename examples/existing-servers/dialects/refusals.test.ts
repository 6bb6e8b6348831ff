/** What servers refuse, and what is told when one of them comes back: through their dialects, on the real servers. */
import { socketio } from '@anywire/adapter-socketio';
import { createRealtime, type Realtime, type RealtimeOptions } from '@anywire/core';
import { SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../servers.ts';
import { post, running, socketIo } from '../test/vendor-clients.ts';
import { notifications } from './notifications.ts';
import { roomEvents } from './room-events.ts';

const secret = 'a secret of this test';

/** Ends with the test. */
function client(options: Omit<RealtimeOptions, 'channels'>): Realtime {
  const realtime = createRealtime({ reconnectMinMs: 10, log: () => {}, ...options });
  onTestFinished(() => realtime.close());
  return realtime;
}

const tokenOf = (userId: string, signed = secret): Promise<string> =>
  new SignJWT({ name: userId })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .sign(new TextEncoder().encode(signed));

test('room-events: a room of others is forbidden, to join and to write to, and one of our own works', async () => {
  const { url } = await running('room-events');
  const adapter = socketio({ url, dialect: roomEvents({ url }) });
  const ann = client({ adapter, clientId: 'ann' });
  const errors: string[] = [];
  ann.onError(({ message }) => errors.push(message));
  const staff = ann.channel('room:staff');
  await expect(staff.attach()).rejects.toMatchObject({
    code: 'forbidden',
    message: '[anywire:forbidden] Access denied',
  });
  expect(staff.state.get()).toBe('failed');
  await expect(staff.publish('message', { text: 'hi' })).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect((await ann.channel('room:general').publish('message', { text: 'hi' })).level).toBe(
    'stored',
  );
  expect(ann.connection.state.get()).toBe('connected');

  const alice = client({
    adapter: socketio({ url, dialect: roomEvents({ url }) }),
    clientId: 'alice',
  });
  await alice.channel('room:staff').attach();
  expect(alice.channel('room:staff').state.get()).toBe('attached');
}, 10_000);

test('room-events: a connection without a user is refused, asked for again, and opened with one', async () => {
  const { url } = await running('room-events');
  const asked: string[] = [];
  const ann = client({
    adapter: socketio({ url, dialect: roomEvents({ url }) }),
    auth: async ({ reason }) => ({ clientId: asked.push(reason) === 1 ? '' : 'ann' }),
  });
  const reasons: unknown[] = [];
  ann.connection.state.subscribe(() => reasons.push(ann.connection.error?.code));
  await ann.connection.connect();
  expect(asked).toEqual(['connect', 'refused']);
  expect(reasons).toContain('auth_failed');
  expect(ann.connection.clientId).toBe('ann');
}, 10_000);

test('room-events: who has no client id is a guest there, and nobody here', async () => {
  const { url } = await running('room-events');
  const open = (clientId?: string): Realtime =>
    client({
      adapter: socketio({ url, dialect: roomEvents({ url }) }),
      ...(clientId !== undefined && { clientId }),
    });
  const room = open('ann').channel('room:general');
  const heard = room.once('message');
  await room.attach();
  await open().channel('room:general').publish('message', { text: 'hi' });
  const { data, sender } = await heard;
  expect([data, sender.clientId]).toEqual([{ text: 'hi', name: 'guest' }, undefined]);
}, 10_000);

test('notifications: a token of somebody else’s secret is refused, asked for again, and a good one works', async () => {
  const { url } = await running('notifications', { secret });
  const asked: string[] = [];
  const ann = client({
    adapter: socketio({ url, dialect: notifications }),
    auth: ({ reason }) => tokenOf('ann', asked.push(reason) === 1 ? 'another' : secret),
  });
  const seen: unknown[] = [];
  ann.connection.state.subscribe((state) => seen.push(state, ann.connection.error?.message));
  await ann.connection.connect();
  expect(asked).toEqual(['connect', 'refused']);
  expect(seen).toContain('[anywire:auth_failed] Invalid token');
  expect(seen).not.toContain('failed');
  expect(ann.connection.clientId).toBe('ann');
}, 10_000);

test('notifications: after a restart both the topic and the inbox tell 1 gap, and hear what is new', async () => {
  let server = await startServer('notifications', { secret });
  onTestFinished(() => server.close());
  const port = Number(new URL(server.url).port);
  const ann = client({
    adapter: socketio({ url: server.url, dialect: notifications }),
    auth: () => tokenOf('ann'),
  });
  const [topic, inbox] = [ann.channel('room:news'), ann.channel('user:ann')];
  const log: string[] = [];
  for (const channel of [topic, inbox]) {
    channel.onAny(({ data }) => log.push(`${channel.name} ${(data as { text: string }).text}`));
    channel.onGap(({ continuity }) => log.push(`${channel.name} ${continuity}`));
    await channel.attach();
  }
  const bob = await socketIo(server.url);
  bob.socket.emit('authenticate', { token: await tokenOf('bob') });
  await bob.heard('authenticated');
  bob.socket.emit('send_notification', { topic: 'news', type: 'message', message: 'first' });
  await expect.poll(() => log).toEqual(['room:news first']);

  await server.close();
  await expect.poll(() => ann.connection.state.get()).toBe('reconnecting');
  server = await startServer('notifications', { port, secret });
  await expect
    .poll(() => [...log].sort())
    .toEqual(['room:news first', 'room:news unknown', 'user:ann unknown']);
  await post(`${server.url}/notify`, { topic: 'news', type: 'message', message: 'second' });
  await post(`${server.url}/notify`, { userId: 'ann', message: 'a parcel' });
  await expect.poll(() => log.slice(3).sort()).toEqual(['room:news second', 'user:ann a parcel']);
}, 15_000);
