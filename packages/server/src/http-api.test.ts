import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socketServer, type SocketServer } from '../test/support/sockets.ts';

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
    ['no path', message, json, '', 404, 'invalid'],
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
