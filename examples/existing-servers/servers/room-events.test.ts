import { expect, test } from 'vitest';
import { running, socketIo, type VendorSocket } from '../test/vendor-clients.ts';

const connect = (url: string, name: string): Promise<VendorSocket> =>
  socketIo(url, { auth: { userId: name, username: name.toUpperCase() } });

test('the sender has the message from the acknowledgement, the others from the event, all from REST', async () => {
  const { url } = await running('room-events');
  const [ann, bob] = [await connect(url, 'ann'), await connect(url, 'bob')];
  for (const { socket } of [ann, bob]) await socket.emitWithAck('room:join', { room: 'general' });

  const sent = { room: 'general', text: 'hello', id: 'mine' };
  const { status, message } = await ann.socket.emitWithAck('message:send', sent);
  expect(status).toBe('ok');
  expect(message).toMatchObject({ id: 1, room: 'general', userId: 'ann', username: 'ANN' });
  expect(await bob.heard('message:new')).toEqual(message);
  await ann.socket.emitWithAck('message:send', { room: 'general', text: 'again' });
  expect(ann.items.map(([event]) => event)).not.toContain('message:new');

  const list = async (query: string): Promise<unknown> =>
    (await fetch(`${url}/api/rooms/general/messages?${query}`)).json();
  expect(await list('limit=1')).toMatchObject({ messages: [{ id: 2 }], hasMore: true });
  expect(await list('after=0&before=2')).toEqual({ messages: [message], hasMore: false });
});

test('a room is refused by an error event, a nameless connection by the handshake', async () => {
  const { url } = await running('room-events');
  const eve = await connect(url, 'eve');
  eve.socket.emit('room:join', { room: 'staff' });
  expect(await eve.heard('error')).toEqual({
    event: 'room:join',
    room: 'staff',
    message: 'Access denied',
  });
  const { status } = await eve.socket.emitWithAck('message:send', { room: 'staff', text: 'hi' });
  expect(status).toBe('error');
  await expect(socketIo(url)).rejects.toThrow('Authentication error');
});

test('who comes, types and goes is told to the others; who joins learns who is there', async () => {
  const { url } = await running('room-events');
  const [ann, bob] = [await connect(url, 'ann'), await connect(url, 'bob')];
  await ann.socket.emitWithAck('room:join', { room: 'general' });
  const { users } = await bob.socket.emitWithAck('room:join', { room: 'general' });
  expect(users).toMatchObject([{ userId: 'ann' }, { userId: 'bob' }]);
  expect(await ann.heard('user:online')).toMatchObject({ room: 'general', userId: 'bob' });
  bob.socket.emit('typing:start', { room: 'general' });
  expect(await ann.heard('typing:start')).toMatchObject({ room: 'general', userId: 'bob' });
  bob.socket.disconnect();
  expect(await ann.heard('user:offline')).toMatchObject({ room: 'general', userId: 'bob' });
});
