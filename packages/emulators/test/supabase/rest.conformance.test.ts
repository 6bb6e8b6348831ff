/** Broadcasts over HTTP, as the vendor's client and others send them. @see SOURCE.md#supabase-rest */
import { expect, it } from 'vitest';
import { anonKey, broadcasts, joined, scene, serviceKey, token } from './scene.ts';

const json = { 'content-type': 'application/json' };
const batch = (...messages: object[]): string => JSON.stringify({ messages });
const one = '/realtime/v1/api/broadcast/room/events/said';
const many = '/realtime/v1/api/broadcast';
const said = { topic: 'room', event: 'said', payload: { n: 1 } };

async function room(isPrivate = false) {
  const { server, client } = await scene('2.0.0', { limits: { payloadBytes: 500 } });
  const channel = client({ key: token() }).channel('room', { config: { private: isPrivate } });
  const told = broadcasts(channel);
  await joined(channel);
  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { ...json, apikey: anonKey, ...headers },
      body: body as string,
    });
  return { server, told, post, client };
}

it('a batch is heard by all', async () => {
  const { told, post } = await room();
  const response = await post(many, batch(said, { ...said, payload: { n: 2 } }));
  expect([response.status, await response.text()]).toEqual([202, '']);
  expect((await told.count(2)).map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 2 }]);
});

it('one message may be anything, bytes too', async () => {
  const { told, post } = await room();
  expect((await post(one, '"text"')).status).toBe(202);
  const bytes = { 'content-type': 'application/octet-stream' };
  expect((await post(one, Uint8Array.of(1, 2), bytes)).status).toBe(202);
  const [text, binary] = await told.count(2);
  expect(text?.payload).toBe('text');
  expect(new Uint8Array(binary?.payload as ArrayBuffer)).toEqual(Uint8Array.of(1, 2));
});

it.each([
  ['no key', many, batch(said), { apikey: '' }, 401],
  ['a key that has ended', many, batch(said), { authorization: `Bearer ${token({}, -1)}` }, 401],
  ['no messages', many, '{}', {}, 422],
  ['a payload that is no object', many, batch({ ...said, payload: [1] }), {}, 422],
  ['a message without a topic', many, batch({ ...said, topic: '' }), {}, 422],
  ['too much', one, JSON.stringify('x'.repeat(600)), {}, 422],
  ['no JSON', many, '{', {}, 400],
  ['another type', one, 'x', { 'content-type': 'text/plain' }, 415],
  ['no right to write', `${one}?private=true`, '{}', {}, 403],
])('%s is refused', async (_, path, body, headers, status) => {
  const { post } = await room();
  expect((await post(path, body, headers)).status).toBe(status);
});

it('in a batch what may not be written is left out without a word', async () => {
  const { told, post } = await room(true);
  expect((await post(many, batch({ ...said, private: true }))).status).toBe(202);
  const authorization = `Bearer ${serviceKey}`;
  await post(many, batch({ ...said, payload: { n: 2 }, private: true }), { authorization });
  expect((await told.count(1)).map(({ payload }) => payload)).toEqual([{ n: 2 }]);
});

it('too many are refused', async () => {
  const { server } = await scene('2.0.0', { limits: { messagesPerSecond: 0 } });
  const send = () =>
    fetch(server.url + many, {
      method: 'POST',
      headers: { ...json, apikey: anonKey },
      body: batch(said),
    });
  await send();
  expect((await send()).status).toBe(429);
});

it('a page of another origin may ask', async () => {
  const { server } = await scene('2.0.0');
  const { headers } = await fetch(server.url + many, { method: 'OPTIONS' });
  expect(headers.get('access-control-allow-origin')).toBe('*');
});

it("the vendor's client sends over HTTP before it is joined", async () => {
  const { told, client } = await room();
  const channel = client().channel('room');
  expect(await channel.send({ type: 'broadcast', event: 'said', payload: { n: 1 } })).toBe('ok');
  await told.count(1);
});

it('a failure is told by its status', async () => {
  const { server, client } = await room();
  server.failHttp(1, 503);
  await expect(client().channel('room').httpSend('said', {})).rejects.toThrow('failed, as a test');
});
