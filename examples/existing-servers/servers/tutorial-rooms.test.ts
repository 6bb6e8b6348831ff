import { expect, test } from 'vitest';
import { running, socketIo } from '../test/vendor-clients.ts';

test('everybody in a room hears a message, its sender too, with every field that was sent', async () => {
  const { url } = await running('tutorial-rooms');
  const [ann, bob] = [await socketIo(url), await socketIo(url)];
  ann.socket.emit('join_room', { room: 'general', username: 'ann' });
  expect(await ann.heard('message_history')).toEqual({ room: 'general', messages: [] });
  bob.socket.emit('join_room', { room: 'general', username: 'bob' });
  await bob.heard('message_history');

  const message = { room: 'general', username: 'ann', message: 'hello', color: 'red' };
  ann.socket.emit('send_message', message);
  for (const one of [ann, bob])
    expect(await one.heard('new_message')).toEqual({ ...message, timestamp: expect.any(Number) });

  const cyd = await socketIo(url);
  cyd.socket.emit('join_room', { room: 'general', username: 'cyd' });
  expect(await cyd.heard('message_history')).toMatchObject({ messages: [{ message: 'hello' }] });
});

test('presence is the whole list at each change; typing is not sent back to its sender', async () => {
  const { url } = await running('tutorial-rooms');
  const [ann, bob] = [await socketIo(url), await socketIo(url)];
  ann.socket.emit('join_room', { room: 'general', username: 'ann' });
  expect(await ann.heard('presence_update')).toMatchObject({ users: [{ username: 'ann' }] });
  bob.socket.emit('join_room', { room: 'general', username: 'bob' });
  const both = { room: 'general', users: [{ username: 'ann' }, { username: 'bob' }] };
  expect(await ann.heard('presence_update')).toMatchObject(both);

  bob.socket.emit('user_typing', { room: 'general', username: 'bob', isTyping: true });
  expect(await ann.heard('user_typing')).toMatchObject({ username: 'bob', isTyping: true });
  bob.socket.disconnect();
  expect(await ann.heard('presence_update')).toMatchObject({ users: [{ username: 'ann' }] });
  expect(bob.items.map(([event]) => event)).not.toContain('user_typing');
});
