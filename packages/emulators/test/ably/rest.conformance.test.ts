/** The emulated REST API, as the vendor's own client meets it. @see ../../SOURCE.md#ably-rest */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { failure, formats, openScene } from './scene.ts';

const jwt = (claims: object, secret = 'secret'): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT', kid: 'app.key' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const seconds = (): number => Math.floor(Date.now() / 1_000);
const json = { 'content-type': 'application/json' };
const dataOf = ({ items }: { items: { data?: unknown }[] }): unknown[] =>
  items.map(({ data }) => data);

describe.each(formats)('REST in %s', (_, isBinary) => {
  it('tells the time, and what a channel has', async () => {
    const { rest, client } = await openScene(isBinary);
    expect(Math.abs((await rest().time()) - Date.now())).toBeLessThan(5_000);
    await client().channels.get('room').attach();
    const { status } = await rest().channels.get('room').status();
    expect(status.occupancy.metrics.connections).toBe(1);
  });

  it('gives history newest first, in pages, forwards, and by time', async () => {
    const { rest } = await openScene(isBinary);
    const channel = rest().channels.get('a/b');
    for (const n of ['1', '2', '3']) await channel.publish('e', { n });
    const first = await channel.history({ limit: 2 });
    expect(dataOf(first)).toEqual([{ n: '3' }, { n: '2' }]);
    const second = await first.next();
    expect(dataOf(second ?? { items: [] })).toEqual([{ n: '1' }]);
    expect([first.hasNext(), second?.hasNext()]).toEqual([true, false]);
    expect(dataOf(await channel.history({ direction: 'forwards', limit: 1 }))).toEqual([
      { n: '1' },
    ]);
    expect(dataOf(await channel.history({ end: 1 }))).toEqual([]);
    expect(await failure(channel.history({ start: 2, end: 1 }))).toBe(40000);
  });

  it('`untilAttach` ends where the attachment began', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    await channel.publish('e', 'before');
    await channel.attach();
    await channel.publish('e', 'after');
    expect(dataOf(await channel.history({ untilAttach: true }))).toEqual(['before']);
  });

  it('messages are known for `retentionMs`, longer in a persisted namespace', async () => {
    const { rest } = await openScene(isBinary, { times: { retentionMs: 1 } });
    for (const [name, count] of [
      ['room', 0],
      ['persisted:room', 1],
    ] as const) {
      const channel = rest().channels.get(name);
      await channel.publish('e', 'x');
      await expect.poll(async () => (await channel.history()).items).toHaveLength(count);
    }
  });

  it('an id is published once; bytes and texts arrive as they were', async () => {
    const { rest } = await openScene(isBinary);
    const channel = rest().channels.get('room');
    await channel.publish({ id: 'a:0', data: Buffer.from([1]) });
    await channel.publish({ id: 'a:0', data: 'other' });
    expect(dataOf(await channel.history())).toEqual([Buffer.from([1])]);
  });

  it('shows members, and what they did', async () => {
    const { rest, client } = await openScene(isBinary);
    await client({ clientId: 'ann' }).channels.get('room').presence.enter('here');
    const { presence } = rest().channels.get('room');
    const { items } = await presence.get();
    expect(items).toMatchObject([{ clientId: 'ann', data: 'here', action: 'present' }]);
    expect((await presence.get({ clientId: 'bob' })).items).toEqual([]);
    expect((await presence.history()).items).toMatchObject([{ action: 'enter', data: 'here' }]);
  });

  it('publishes to 2 channels at once, and says which one was refused', async () => {
    const { rest } = await openScene(isBinary);
    const result = (await rest().batchPublish({
      channels: ['a', ':b'],
      messages: [{ data: 'x' }],
    })) as { successCount: number; failureCount: number };
    expect(result).toMatchObject({ successCount: 1, failureCount: 1 });
  });

  it('changes a message where the namespace allows it, and keeps its 3 versions', async () => {
    const { rest, client } = await openScene(isBinary);
    const heard: string[] = [];
    const channel = client().channels.get('mutable:1');
    await channel.subscribe(({ action }) => heard.push(action));
    const { serials } = await channel.publish('e', 'first');
    const serial = String(serials[0]);
    const sdk = rest().channels.get('mutable:1');
    await sdk.updateMessage({ serial, data: 'second' });
    expect(dataOf(await sdk.history())).toEqual(['second']);
    await sdk.deleteMessage({ serial });
    await expect.poll(() => heard).toEqual(['message.create', 'message.update', 'message.delete']);
    expect((await sdk.getMessage(serial)).action).toBe('message.delete');
    expect((await sdk.getMessageVersions(serial)).items).toHaveLength(3);
    const other = rest().channels.get('room');
    expect(await failure(other.updateMessage({ serial, data: 'x' }))).toBe(93002);
  });

  it.each([
    ['a wrong secret', { key: 'app.key:wrong' }, 40101],
    ['an unknown app', { key: 'none.key:secret' }, 40400],
    ['a JWT of another secret', { token: jwt({ exp: seconds() + 60 }, 'other') }, 40144],
    ['a JWT without a key', { token: 'a.b.c' }, 40144],
    ['an unknown token', { token: 'app.unknown' }, 40101],
  ])('refuses %s', async (_name, options, code) => {
    const { service } = await openScene(isBinary);
    expect(await fetchWith(options, service.url)).toBe(code);
  });

  it('takes a JWT with a capability and a client id', async () => {
    const { rest } = await openScene(isBinary);
    const token = jwt({
      ...{ iat: seconds(), exp: seconds() + 60, 'x-ably-clientId': 'ann' },
      'x-ably-capability': '{"room":["publish"]}',
    });
    const { channels } = rest({ token });
    expect(await failure(channels.get('room').publish('e', 'x'))).toBe('no error');
    expect(await failure(channels.get('other').publish('e', 'x'))).toBe(40160);
    expect(await failure(channels.get('room').history())).toBe(40160);
  });

  it('a token has no more than its key', async () => {
    const { rest } = await openScene(isBinary, {
      keys: [{ key: 'app.less:secret', capability: { room: ['subscribe'] } }],
    });
    const { auth } = rest({ key: 'app.less:secret' });
    const { capability } = await auth.requestToken({ capability: '{"room":["*"]}' });
    expect(JSON.parse(String(capability))).toEqual({ room: ['subscribe'] });
    expect(await failure(auth.requestToken({ capability: '{"other":["*"]}' }))).toBe(40160);
  });

  it('a signed request is good once; one that was changed is not', async () => {
    const { rest, service } = await openScene(isBinary);
    const signed = await rest().auth.createTokenRequest({ clientId: 'ann' });
    const ask = async (body: object): Promise<unknown> => {
      const address = `${service.url}/keys/app.key/requestToken`;
      const response = await fetch(address, {
        method: 'POST',
        headers: json,
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { error?: { code: number }; clientId?: string };
      return answer.error?.code ?? answer.clientId;
    };
    expect(await ask({ ...signed, clientId: 'bob' })).toBe(40101);
    expect(await ask({ ...signed, timestamp: 1 })).toBe(40101);
    expect(await ask(signed)).toBe('ann');
    expect(await ask(signed)).toBe(40105);
  });

  it('makes apps for tests, with keys, namespaces and members, and removes them', async () => {
    const { service, rest } = await openScene(isBinary);
    const response = await fetch(`${service.url}/apps`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({
        keys: [{}, { capability: '{"a":["publish"]}' }],
        namespaces: [{ id: 'persisted', persisted: true }],
        channels: [{ name: 'persisted:f', presence: [{ clientId: 'c', data: 'd' }] }],
      }),
    });
    const { appId, keys } = (await response.json()) as {
      appId: string;
      keys: { keyStr: string }[];
    };
    const key = keys[0]?.keyStr ?? '';
    const { presence } = rest({ key }).channels.get('persisted:f');
    expect((await presence.get()).items).toMatchObject([{ clientId: 'c', data: 'd' }]);
    const authorization = `Basic ${Buffer.from(key).toString('base64')}`;
    const remove = { method: 'DELETE', headers: { authorization } };
    expect((await fetch(`${service.url}/apps/${appId}`, remove)).status).toBe(200);
    expect(await failure(presence.get())).toBe(40400);
  });

  it('answers what it does not know with 404, and fails as it was told to', async () => {
    const { service, rest } = await openScene(isBinary);
    expect((await fetch(`${service.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${service.url}/time`, { method: 'PUT' })).status).toBe(405);
    service.failHttp(1, 503);
    const response = await fetch(`${service.url}/time`);
    expect([response.status, response.headers.get('x-ably-errorcode')]).toEqual([503, '50300']);
    expect(await rest().time()).toBeGreaterThan(0);
  });

  it('lets a page of another origin read errors and links', async () => {
    const { service } = await openScene(isBinary);
    const { headers } = await fetch(`${service.url}/time`, {
      headers: { origin: 'http://page.test' },
    });
    expect(headers.get('access-control-allow-origin')).toBe('http://page.test');
    expect(headers.get('access-control-expose-headers')).toContain('X-Ably-ErrorCode');
  });
});

/** The code that plain HTTP gets. */
async function fetchWith(options: { key?: string; token?: string }, url: string): Promise<number> {
  const { key, token = '' } = options;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const authorization = key === undefined ? `Bearer ${base64(token)}` : `Basic ${base64(key)}`;
  const response = await fetch(`${url}/channels/room/messages`, { headers: { authorization } });
  const { error } = (await response.json()) as { error: { code: number } };
  return error.code;
}
