/** Personal channels: on a server that authenticates first, and on one that knows people by their socket. */
import { socketio } from '@anywire/adapter-socketio';
import { createRealtime, type Message } from '@anywire/core';
import { SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { post, running, socketIo } from '../test/vendor-clients.ts';
import { notifications } from './notifications.ts';
import { oneRoom } from './one-room.ts';

test('notifications: nothing works before the token does; then topics, a personal inbox and POST /notify', async () => {
  const secret = 'a secret of this test';
  const { url } = await running('notifications', { secret });
  const jwt = new SignJWT({ name: 'Ann' }).setProtectedHeader({ alg: 'HS256' }).setSubject('ann');
  const token = await jwt.sign(new TextEncoder().encode(secret));
  const ann = createRealtime({
    adapter: socketio({ url, dialect: notifications }),
    auth: async () => ({ token, clientId: 'ann' }),
  });
  onTestFinished(() => ann.close());
  const [inbox, topic] = [ann.channel('user:ann'), ann.channel('room:news')];
  const info = new Promise((resolve) => inbox.on('info', resolve));
  const own: unknown[] = [];
  const back = new Promise((resolve) =>
    topic.on('message', (data, message) => {
      own.push([data, message.id]);
      resolve(undefined);
    }),
  );
  await inbox.attach();
  await topic.attach();
  await post(`${url}/notify`, { userId: 'ann', message: 'a parcel' });
  expect(await info).toEqual({ text: 'a parcel', name: 'system' });
  const { id, level } = await topic.publish('message', { text: 'hi', name: 'Ann' });
  expect(level).toBe('written');
  await back;
  expect(own).toEqual([[{ text: 'hi', name: 'Ann' }, id]]);
  await expect(topic.publish('typing', { on: true })).rejects.toMatchObject({
    code: 'unsupported',
  });
}, 10_000);

test('one-room: a whisper each way, and a second room is refused while one is attached', async () => {
  const { url } = await running('one-room');
  const bob = await socketIo(url);
  bob.socket.emit('join-room', 'general', 'bob');
  await bob.heard('room-users');
  const ann = createRealtime({ adapter: socketio({ url, dialect: oneRoom }), clientId: 'ann' });
  onTestFinished(() => ann.close());
  const inbox = ann.channel('user:ann');
  const direct = new Promise<Message>((resolve) =>
    inbox.on('direct', (_, message) => resolve(message)),
  );
  await inbox.attach();
  await ann.channel('room:general').attach();
  await ann.channel(`user:${bob.socket.id}`).publish('direct', { text: 'psst' });
  const whisper = (await bob.heard('private-message')) as { from: string };
  expect(whisper).toMatchObject({ name: 'ann', message: 'psst' });
  bob.socket.emit('private-message', whisper.from, 'what?');
  expect((await direct).data).toEqual({ text: 'what?', fromId: bob.socket.id, fromName: 'bob' });
  await expect(ann.channel('room:random').attach()).rejects.toMatchObject({ code: 'unsupported' });
}, 10_000);
