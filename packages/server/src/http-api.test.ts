import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socketServer, type SocketServer } from '../test/support/sockets.ts';
import { isApiPath } from './http-api.ts';

const key = 'the-server-key';
let it0: SocketServer;
beforeAll(async () => {
  it0 = await socketServer({ serverKey: key });
});
afterAll(() => it0.close());

const json = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` };
const message = { channel: 'room', event: 'notice', data: { text: 'hi' } };

async function post(
  body: unknown,
  headers: Record<string, string> = json,
  path = '/publish',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${it0.port}/anywire${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  expect(response.headers.get('content-type')).toBe('application/json');
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('POST /publish', () => {
  it('publishes, and answers id, serial and time', async () => {
    const ann = await it0.connected('ann');
    await ann.attach('room');
    const { status, body } = await post(message);
    expect(status).toBe(200);
    await ann.hears({ text: 'hi' });
    const [heard] = ann.messages();
    expect(body).toEqual({ id: heard?.i, serial: heard?.s, timestamp: heard?.ts });
    ann.end();
    await ann.closed;
  });

  it('publishes once for one id, and answers the same', async () => {
    const first = await post({ ...message, channel: 'once', id: 'order-7' });
    const again = await post({ ...message, channel: 'once', id: 'order-7' });
    expect(first.body).toMatchObject({ id: 'order-7', serial: 1 });
    expect(again).toEqual(first);
  });

  it('publishes bytes that it is given as base64, up to the limit', async () => {
    const ann = await it0.connected('ann');
    await ann.attach('files');
    const sized = (length: number): Promise<{ status: number }> =>
      post({
        ...{ channel: 'files', event: 'part', encoding: 'base64' },
        data: Buffer.alloc(length, 7).toString('base64'),
      });
    expect(await sized(65_536)).toMatchObject({ status: 200 });
    expect(await sized(65_537)).toMatchObject({ status: 413 });
    await ann.hears(Buffer.alloc(65_536, 7).toString('base64'));
    expect(ann.data()).toEqual([new Uint8Array(65_536).fill(7)]);
    ann.end();
    await ann.closed;
  });

  const bare = { 'Content-Type': 'application/json' };
  it.each<[string, unknown, Record<string, string>, string, number, string]>([
    ['no key', message, bare, '/publish', 401, 'auth_failed'],
    ['a key of another scheme', message, { ...bare, Authorization: `Basic ${key}` }, '/publish', 401, 'auth_failed'],
    ['a wrong key', message, { ...bare, Authorization: 'Bearer nope' }, '/publish', 403, 'forbidden'],
    ['a part of the key', message, { ...bare, Authorization: `Bearer ${key.slice(0, -1)}` }, '/publish', 403, 'forbidden'],
    ['text', message, { ...json, 'Content-Type': 'text/plain' }, '/publish', 415, 'invalid'],
    ['a form', 'a=b', { ...json, 'Content-Type': 'application/x-www-form-urlencoded' }, '/publish', 415, 'invalid'],
    ['no JSON', '{', json, '/publish', 400, 'invalid'],
    ['no object', '[]', json, '/publish', 400, 'invalid'],
    ['null', 'null', json, '/publish', 400, 'invalid'],
    ['base64 that is none', { ...message, data: 'AAE', encoding: 'base64' }, json, '/publish', 400, 'invalid'],
    ['an encoding that is none', { ...message, encoding: 'hex' }, json, '/publish', 400, 'invalid'],
    ['no data', { channel: 'room', event: 'e' }, json, '/publish', 400, 'invalid'],
    ['a channel that is no text', { ...message, channel: 5 }, json, '/publish', 400, 'invalid'],
    ['an empty channel', { ...message, channel: '' }, json, '/publish', 400, 'invalid'],
    ['an id that is no text', { ...message, id: 5 }, json, '/publish', 400, 'invalid'],
    ['data that is too large', { ...message, data: 'x'.repeat(66_000) }, json, '/publish', 413, 'payload_too_large'],
    ['a body that is too large', { ...message, data: 'x'.repeat(1_100_000) }, json, '/publish', 413, 'payload_too_large'],
    ['another path', message, json, '/elsewhere', 404, 'invalid'],
    ['no path', message, json, '', 405, 'invalid'],
  ])('%s is refused', async (_, body, headers, path, status, code) => {
    expect(await post(body, headers, path)).toMatchObject({ status, body: { error: { code } } });
  }); // prettier-ignore

  it('is the only method', async () => {
    const response = await fetch(`http://127.0.0.1:${it0.port}/anywire/publish`, { headers: json });
    expect(response.status).toBe(405);
  });

  it('stops reading a body without a length when it is too long', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        {
          port: it0.port,
          host: '127.0.0.1',
          path: '/anywire/publish',
          method: 'POST',
          headers: json,
        },
        (response) => {
          response.resume();
          response.on('end', () => request.destroy());
          resolve(response.statusCode);
        },
      );
      request.on('error', reject);
      const chunk = Buffer.alloc(16_384, 'x');
      for (let n = 0; n < 80; n++) request.write(chunk); // and never ends
    });
    expect(status).toBe(413);
  });

  it('takes data called __proto__ as data', async () => {
    const { status } = await post(
      '{"channel":"__proto__","event":"e","data":{"__proto__":{"x":1}}}',
    );
    expect(status).toBe(200);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('is closed where the server has no key', async () => {
    const other = await socketServer();
    const response = await fetch(`http://127.0.0.1:${other.port}/anywire/publish`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify(message),
    });
    expect(response.status).toBe(403);
    await other.close();
  });

  it('keeps the key out of the log', () => {
    expect(it0.logs.join('\n')).not.toContain(key);
  });
});

/** One request, as it is given. */
async function call(
  path: string,
  {
    method = 'GET',
    headers = json,
    body,
  }: { method?: string; headers?: object; body?: unknown } = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(`http://127.0.0.1:${it0.port}/anywire${path}`, {
    method,
    headers: headers as Record<string, string>,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { status: response.status, body: parsed, headers: response.headers };
}
const invalid = { error: { code: 'invalid' } };

describe('a channel in the path', () => {
  it.each([
    'a/b',
    'a%2Fb',
    '100%',
    'ends/history',
    'history/presence',
    'channels/x/history',
    '?limit=1',
    '#part',
    'ein Name mit Leerzeichen',
    'größe 😀',
    '__proto__',
    'constructor',
    '...',
  ])('may be called %s', async (channel) => {
    await post({ ...message, channel, data: channel });
    const { status, body } = await call(`/channels/${encodeURIComponent(channel)}/history?limit=1`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ items: [{ data: channel }] });
  });

  it('is the same where a proxy has decoded its 2 slashes', async () => {
    await post({ ...message, channel: 'x/y/z', data: 'proxied' });
    const { body } = await call('/channels/x/y/z/history');
    expect(body).toMatchObject({ items: [{ data: 'proxied' }] });
  });

  it.each([
    ['%', 400],
    ['%zz', 400],
    ['%C3%28', 400],
    ['%ED%A0%80', 400],
    ['a%00b', 400],
    ['a%0Ab', 400],
    ['x'.repeat(256), 400],
    ['', 404],
  ])('that is %j is refused with %i', async (name, status) => {
    const answer = await call(`/channels/${name}/history`);
    expect(answer).toMatchObject({ status, body: invalid });
  });
});

describe('a query', () => {
  it.each([
    'limit=',
    'limit=0',
    'limit=-1',
    'limit=1.5',
    'limit=1e3',
    'limit=0x10',
    'limit=%201',
    'limit=NaN',
    'limit=9999999999999999',
    'limit=1&limit=2',
    'limit[]=1',
    'direction=',
    'direction=Forwards',
    'direction=__proto__',
    'from=',
    'from=nonsense',
    'from=a:01:',
    `from=${'x'.repeat(5_000)}`,
    'start=yesterday',
    'end=-1',
    'key=the-server-key',
    '__proto__=1',
  ])('of %s is refused', async (query) => {
    const answer = await call(`/channels/room/history?${query}`);
    expect(answer).toMatchObject({ status: 400, body: invalid });
  });

  it.each(['/publish', '/disconnect'])('is refused at POST %s', async (path) => {
    const answer = await call(`${path}?id=7`, { method: 'POST', body: message });
    expect(answer).toMatchObject({ status: 400, body: invalid });
  });

  it('pages through history, and through channels', async () => {
    for (const data of [1, 2, 3]) await post({ ...message, channel: 'paged', data });
    const path = '/channels/paged/history?direction=forwards&limit=2';
    const first = await call(path);
    expect(first.body).toMatchObject({ items: [{ data: 1 }, { data: 2 }], complete: true });
    const next = encodeURIComponent(first.body['next'] as string);
    const second = await call(`${path}&from=${next}`);
    expect(second.body).toMatchObject({ items: [{ data: 3 }] });
    expect(second.body).not.toHaveProperty('next');
  });
});

describe('the key', () => {
  it.each<[string, string, object]>([
    ['in the query', `/channels?access_token=${key}`, {}],
    ['in a cookie', '/channels', { Cookie: `key=${key}; Authorization=${key}` }],
    ['in a header of another name', '/channels', { 'X-Api-Key': key }],
    ['as name and password', '/channels', { Authorization: `Basic ${btoa(`key:${key}`)}` }],
    ['in the body', '/publish', { 'Content-Type': 'application/json' }],
  ])('does not work %s', async (_, path, headers) => {
    const isPost = path === '/publish';
    const body = { ...message, key, serverKey: key, authorization: `Bearer ${key}` };
    const answer = await call(path, isPost ? { method: 'POST', headers, body } : { headers });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'auth_failed' } } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('may be one of 2, and both publish', async () => {
    const two = await socketServer({ serverKey: ['old-key', 'new-key'] });
    const statuses = ['old-key', 'new-key', 'old-key,new-key'].map(async (each) => {
      const response = await fetch(`http://127.0.0.1:${two.port}/anywire/channels`, {
        headers: { Authorization: `Bearer ${each}` },
      });
      return response.status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 200, 403]);
    await two.close();
  });

  it('never gets CORS headers, whatever page asks', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await call('/channels', {
        method,
        headers: { ...json, Origin: 'https://example.com', 'Access-Control-Request-Method': 'GET' },
      });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('a body', () => {
  const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  it.each<[string, string, unknown]>([
    ['a member of another name', '/publish', { ...message, idd: 'order-7' }],
    ['a member called __proto__', '/publish', '{"__proto__":1,"channel":"a","event":"e","data":1}'],
    ['data that __proto__ would have', '/publish', '{"channel":"a","event":"e","__proto__":{"data":1}}'],
    ['an event that is an object', '/publish', { ...message, event: {} }],
    ['an event of 129 characters', '/publish', { ...message, event: 'x'.repeat(129) }],
    ['an event of half a character', '/publish', '{"channel":"a","event":"\\ud800","data":1}'],
    ['an id of null', '/publish', { ...message, id: null }],
    ['extras that are a list', '/publish', { ...message, extras: [] }],
    ['extras that are too long', '/publish', { ...message, extras: { x: 'x'.repeat(1_024) } }],
    ['an encoding of null', '/publish', { ...message, encoding: null }],
    ['data that are nested 65 deep', '/publish', `{"channel":"a","event":"e","data":${deep(65)}}`],
    ['data that are nested 30,000 deep', '/publish', `{"channel":"a","event":"e","data":${deep(30_000)}}`],
    ['a body that is nested 500,000 deep', '/publish', deep(500_000)],
    ['messages that are no list', '/publish', { messages: message }],
    ['messages that are none', '/publish', { messages: [] }],
    ['messages that are null', '/publish', { messages: [null] }],
    ['400,000 messages that are none', '/publish', { messages: new Array(400_000).fill(0) }],
    ['a batch and a message', '/publish', { ...message, messages: [message] }],
    ['a batch in a batch', '/publish', { messages: [{ messages: [message] }] }],
    ['a second message that cannot be', '/publish', { messages: [message, { ...message, data: 'A', encoding: 'base64' }] }],
    ['nobody', '/disconnect', {}],
    ['everybody', '/disconnect', { clientId: null }],
    ['both', '/disconnect', { clientId: 'ann', connectionId: 'x' }],
    ['a number', '/disconnect', { clientId: 5 }],
    ['a retry that is none', '/disconnect', { clientId: 'ann', retry: 'constructor' }],
    ['a list', '/disconnect', [{ clientId: 'ann' }]],
  ])('of %s is refused', async (_, path, body) => {
    expect(await call(path, { method: 'POST', body })).toMatchObject({ status: 400, body: invalid });
  }); // prettier-ignore

  it('of 1,001 messages is refused, and of 1,000 is taken', async () => {
    const of = (length: number): unknown => ({
      messages: Array.from({ length }, () => ({ channel: 'many', event: 'e', data: 1 })),
    });
    const refused = await call('/publish', { method: 'POST', body: of(1_001) });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'limit_exceeded' } } });
    expect((await call('/channels/many/history')).body).toMatchObject({ items: [] });
    const taken = await call('/publish', { method: 'POST', body: of(1_000) });
    expect(taken.status).toBe(200);
    expect(taken.body['results']).toHaveLength(1_000);
  });

  it('of a batch names the message that cannot be', async () => {
    const body = { messages: [message, message, { ...message, event: 5 }] };
    const answer = await call('/publish', { method: 'POST', body });
    expect(answer.body).toEqual({
      error: { code: 'invalid', message: 'messages[2]: "event" is not a text' },
    });
  });
});

describe('an Idempotency-Key', () => {
  const send = (key: string, body: unknown): ReturnType<typeof call> =>
    call('/publish', { method: 'POST', headers: { ...json, 'Idempotency-Key': key }, body });

  it('is the id of a message, with quotes or without: 3 calls store it once', async () => {
    const body = { ...message, channel: 'keyed' };
    const first = await send('order-7', body);
    const answers = [first, await send('"order-7"', body), await send('order-7', { ...body, id: 'order-7' })];
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toEqual({ ...first.body, id: 'order-7', serial: 1 });
    }
  }); // prettier-ignore

  it.each([
    ['that is another than the id', 'order-7', { ...message, id: 'order-8' }],
    ['of a batch', 'order-7', { messages: [message] }],
    ['that is empty', '""', message],
    ['of 129 characters', 'x'.repeat(129), message],
  ])('%s is refused', async (_, key, body) => {
    expect(await send(key, body)).toMatchObject({ status: 400, body: invalid });
  });
});

it('HEAD has the headers of GET and no body', async () => {
  const get = await call('/channels');
  const head = await call('/channels', { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.body).toEqual({});
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  const request = new Request('http://127.0.0.1/anywire/channels', {
    method: 'HEAD',
    headers: json,
  });
  const handed = await it0.server.fetch(request);
  expect(handed.status).toBe(200);
  expect(handed.body).toBeNull();
});

it('knows which paths are its own: 6 are, and those of others are not', () => {
  const own = ['/publish', '/channels', '/disconnect', '/channels/a/history', '/channels/a/presence', '/channels/a/b/occupancy'];
  const others = ['', '/', '/sse', '/sse/x', '/poll', '/healthz', '/readyz', '/publish/', '/publish2', '/channels/', '/channels/a', '/x/publish', '/channels//history'];
  expect(own.filter(isApiPath)).toEqual(own);
  expect(others.filter(isApiPath)).toEqual([]);
}); // prettier-ignore

it('keeps the keys and the data of all these requests out of the log', () => {
  expect(it0.logs.filter((line) => line.includes(key) || line.includes('hi'))).toEqual([]);
  expect(it0.logs.filter((line) => line.startsWith('error'))).toEqual([]);
});
