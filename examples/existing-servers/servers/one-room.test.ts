import { expect, test } from 'vitest';
import { running, socketIo } from '../test/vendor-clients.ts';

test('what arrives does not say of which room it is, and never goes to its sender', async () => {
  const { url } = await running('one-room');
  const [ann, bob] = [await socketIo(url), await socketIo(url)];
  ann.socket.emit('join-room', 'general', 'Ann');
  await ann.heard('room-users');
  bob.socket.emit('join-room', 'general', 'Bob');
  const [, room, users] = await bob.next(([event]) => event === 'room-users');
  expect([room, users]).toMatchObject(['general', [{ name: 'Ann' }, { name: 'Bob' }]]);
  expect(await ann.heard('user-connected')).toEqual({ id: bob.socket.id, name: 'Bob' });

  ann.socket.emit('chat-message', 'hello');
  const { id } = ann.socket;
  expect(await bob.heard('chat-message')).toEqual({ id, name: 'Ann', message: 'hello' });
  ann.socket.emit('typing', true);
  expect(await bob.heard('typing')).toEqual({ id, name: 'Ann', isTyping: true });
  expect(ann.items.map(([event]) => event)).toEqual(['room-users', 'user-connected']);
});

test('joining a second room leaves the first one', async () => {
  const { url } = await running('one-room');
  const [ann, bob] = [await socketIo(url), await socketIo(url)];
  ann.socket.emit('join-room', 'general', 'Ann');
  await ann.heard('room-users');
  bob.socket.emit('join-room', 'general', 'Bob');
  await ann.heard('user-connected');
  bob.socket.emit('join-room', 'random', 'Bob');
  expect(await ann.heard('user-disconnected')).toEqual({ id: bob.socket.id, name: 'Bob' });
});

test('a private message goes to one socket', async () => {
  const { url } = await running('one-room');
  const [ann, bob] = [await socketIo(url), await socketIo(url)];
  ann.socket.emit('join-room', 'general', 'Ann');
  ann.socket.emit('private-message', bob.socket.id, 'psst');
  const psst = { from: ann.socket.id, name: 'Ann', message: 'psst' };
  expect(await bob.heard('private-message')).toEqual(psst);
});
