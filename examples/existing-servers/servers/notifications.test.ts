import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { post, running, socketIo, type VendorSocket } from '../test/vendor-clients.ts';

const secret = 'a secret of this test';

function tokenOf(userId: string): Promise<string> {
  const jwt = new SignJWT({ name: userId.toUpperCase() }).setProtectedHeader({ alg: 'HS256' });
  return jwt.setSubject(userId).sign(new TextEncoder().encode(secret));
}

async function authenticated(url: string, userId: string): Promise<VendorSocket> {
  const client = await socketIo(url);
  client.socket.emit('authenticate', { token: await tokenOf(userId) });
  expect(await client.heard('authenticated')).toEqual({ userId, name: userId.toUpperCase() });
  return client;
}

test('POST /notify reaches every socket of one user, and nobody else', async () => {
  const { url } = await running('notifications', { secret });
  const [phone, laptop, bob] = [
    await authenticated(url, 'ann'),
    await authenticated(url, 'ann'),
    await authenticated(url, 'bob'),
  ];
  const answer = await post(`${url}/notify`, { userId: 'ann', message: 'your parcel' });
  expect(answer).toMatchObject({ status: 200, body: { success: true, id: expect.any(String) } });
  for (const one of [phone, laptop])
    expect(await one.heard('notification')).toMatchObject({ type: 'info', message: 'your parcel' });
  await post(`${url}/notify`, { userId: 'bob', message: 'for bob' });
  expect(await bob.heard('notification')).toMatchObject({ message: 'for bob' });
  expect(laptop.items).toHaveLength(2);
  expect((await post(`${url}/notify`, { userId: 'ann' })).status).toBe(400);
});

test('followers of a topic hear each other, themselves too, under an id of the server', async () => {
  const { url } = await running('notifications', { secret });
  const [ann, bob] = [await authenticated(url, 'ann'), await authenticated(url, 'bob')];
  for (const one of [ann, bob]) {
    one.socket.emit('subscribe', 'news');
    expect(await one.heard('subscribed')).toBe('news');
  }
  const sent = { topic: 'news', type: 'message', message: 'hi', id: 'mine' };
  ann.socket.emit('send_notification', sent);
  const from = { userId: 'ann', name: 'ANN', socketId: ann.socket.id };
  const heard = await ann.heard('notification');
  expect(heard).toMatchObject({ topic: 'news', type: 'message', message: 'hi', from });
  expect(heard).not.toMatchObject({ id: 'mine' });
  expect(await bob.heard('notification')).toEqual(heard);
});

test('a wrong token is told, and ends the connection', async () => {
  const { url } = await running('notifications', { secret });
  const eve = await socketIo(url);
  const gone = new Promise((resolve) => eve.socket.once('disconnect', resolve));
  eve.socket.emit('authenticate', { token: 'wrong' });
  expect(await eve.heard('unauthorized')).toEqual({ message: 'Invalid token' });
  expect(await gone).toBe('io server disconnect');
});
