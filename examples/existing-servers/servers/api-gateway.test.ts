import { expect, test } from 'vitest';
import { post, rawWs, running } from '../test/vendor-clients.ts';

test('what is sent reaches every connection as it is, and says neither channel nor sender', async () => {
  const { url } = await running('api-gateway');
  const [ann, bob] = [await rawWs(url), await rawWs(url)];
  ann.send({ action: 'sendmessage', data: 'hello' });
  for (const one of [ann, bob]) expect(await one.next()).toBe('hello');
  ann.send({ action: 'sendmessage', data: { text: 'hello', id: 'mine' } });
  for (const one of [ann, bob]) expect(await one.next()).toEqual({ text: 'hello', id: 'mine' });
});

test('an action without a route is answered by Forbidden, and names the connection', async () => {
  const { url } = await running('api-gateway');
  const ann = await rawWs(url);
  ann.send({ action: 'dance' });
  const answer = (await ann.next()) as { message: string; connectionId: string };
  expect(answer).toMatchObject({ message: 'Forbidden', requestId: expect.any(String) });

  const connections = `${url.replace('ws', 'http')}/@connections`;
  expect((await post(`${connections}/${answer.connectionId}`, { for: 'ann' })).status).toBe(200);
  expect(await ann.next()).toEqual({ for: 'ann' });
  expect((await post(`${connections}/nobody`, {})).status).toBe(410);
});

test('a token that $connect refuses opens nothing', async () => {
  const { url } = await running('api-gateway');
  await expect(rawWs(`${url}?token=expired`)).rejects.toThrow('401');
});
