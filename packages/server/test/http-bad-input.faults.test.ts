/**
 * What a hostile or broken client may send over HTTP. Each is refused with its status, and a well-behaved client beside it goes
 * on: it gets every message, and the server keeps nothing of the others.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scale } from '../../../tests/tier.ts';
import { socketServer, type SocketServer } from './support/sockets.ts';
import { ndjson, overPort, streaming, type Send, type StreamClient } from './support/streams.ts';

const now = 1_900_000_000_000;
let it0: SocketServer;
let send: Send;
let witness: StreamClient;

beforeEach(async () => {
  it0 = await socketServer({
    authenticate: ({ token }) => {
      if (token === 'expired') return { clientId: 'late', expiresAt: 1 };
      if (token === 'bad') throw new Error(`the token bad is bad`);
      return token === undefined ? {} : { clientId: token, expiresAt: now };
    },
    authorize: ({ channel }) => channel !== 'secret',
    origins: ['https://good.example'],
    limits: { outboundBytes: 300_000 },
  });
  send = overPort(it0.port);
  witness = await streaming(send, 'witness');
  await witness.attach('room');
});

afterEach(async () => {
  await it0.server.publish('room', 'e', 'the last');
  await witness.hears('the last');
  // Everybody else is gone.
  await expect.poll(() => it0.server.stats()).toEqual({ connections: 1, channels: 1 });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(it0.logs.join('\n')).not.toMatch(/secret-token|the token bad/);
  witness.end();
  await witness.closed;
  await it0.close();
});

const connect = (extra: object = {}): string =>
  JSON.stringify({ t: 'connect', r: 0, nonce: 'nonce-of-eve', instance: 'tab', ...extra });
const attach = '{"t":"attach","r":1,"c":"room"}';

async function post(
  path: string,
  body: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await send(path, {
    method: 'POST',
    body,
    headers: { 'Content-Type': ndjson, ...headers },
  });
  return response;
}

describe.each(['/sse', '/poll'])('POST %s', (path) => {
  it.each<[string, BodyInit, Record<string, string>, number]>([
    ['JSON by name', connect(), { 'Content-Type': 'application/json' }, 415],
    ['a simple request of any page', connect(), { 'Content-Type': 'text/plain' }, 415],
    ['a form', 'a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['no frames', '', {}, 400],
    ['no JSON', 'hello', {}, 400],
    ['a list', '[]', {}, 400],
    ['null', 'null', {}, 400],
    ['bytes', new Uint8Array([0xff, 0xfe, 0x00]), {}, 400],
    ['no connect', attach, {}, 400],
    ['a ping alone', '{"t":"ping"}', {}, 400],
    ['an unknown frame', '{"t":"constructor"}', {}, 400],
    ['an unknown member that pollutes', '{"__proto__":{"polluted":1},"t":"connect"}', {}, 400],
    ['a nonce that is none', connect({ nonce: 'no nonce' }), {}, 400],
    ['a payload of 1,000 levels as connect', `${'{"d":'.repeat(1_000)}1${'}'.repeat(1_000)}`, {}, 400],
    ['an expired token', connect({ token: 'expired' }), {}, 401],
    ['a token that is not taken', connect({ token: 'bad' }), {}, 401],
    ['one in a header', connect(), { Authorization: 'Bearer bad' }, 401],
    ['a foreign page', connect(), { Origin: 'https://evil.example' }, 403],
    ['a page of no origin', connect(), { Origin: 'null' }, 403],
    ['131,073 bytes', `${connect()}${' '.repeat(131_073)}`, {}, 413],
    ["another client's nonce", '', {}, 403],
  ])('%s is refused', async (what, body, headers, status) => {
    const frames = what.startsWith('another') ? connect({ nonce: witness.nonce }) : body;
    const response = await post(path, frames, headers);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('"t":"connected"');
  }); // prettier-ignore

  it('a second connect ends what the first has begun', async () => {
    const response = await post(path, `${connect()}\n${connect()}`);
    expect(await response.text()).toContain('"t":"bye","code":4402');
  });

  it('half of a body, then a cut, is nothing', async () => {
    const socket = connectSocket(it0.port, '127.0.0.1');
    const head = `POST /anywire${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${ndjson}\r\nContent-Length: 900\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(head + connect(), () => resolve()));
    socket.resetAndDestroy();
  });

  it('a channel called __proto__ is a channel', async () => {
    const publish =
      '{"t":"publish","r":1,"c":"__proto__","i":"nonce-of-eve:0","e":"__proto__","d":{"__proto__":{"polluted":1}}}';
    const response = await post(path, `${connect()}\n${publish}`);
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes('"t":"ack"'))
      text += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
  });
});

it.each(['-1', '1e3', '9'.repeat(10), 'NaN', '0x10'])(
  'an exchange that shall wait for %s ms is refused',
  async (waitMs) => {
    expect((await post(`/poll?waitMs=${waitMs}`, connect())).status).toBe(400);
  },
);

describe('a session', () => {
  const frame = '{"t":"publish","r":9,"c":"room","i":"nonce-of-eve:0","e":"e","d":"stolen"}';

  it.each<[string, string]>([
    ['that never was', 'A'.repeat(24)],
    ['called __proto__', '__proto__'],
    ['that is empty', ''],
    ['with a path', '..%2fpublish'],
    ['of 10,000 characters', 'a'.repeat(10_000)],
  ])('%s is 404', async (_, session) => {
    expect((await post(`/sse/${session}`, frame)).status).toBe(404);
  });

  it('of another user takes nothing, whatever token comes along', async () => {
    for (const headers of [
      {},
      { Authorization: 'Bearer eve' },
      { Authorization: 'Bearer witnes' },
      { Authorization: 'Bearer ' },
      { Authorization: `Basic ${btoa('witness')}` },
      { Authorization: 'Bearer secret-token' },
    ] as Record<string, string>[]) {
      expect((await post(`/sse/${witness.session}`, frame, headers)).status).toBe(403);
      const token = headers['Authorization']?.split(' ')[1] ?? 'eve';
      const renewing = `${JSON.stringify({ t: 'token', r: 8, token })}\n${frame}`;
      expect((await post(`/sse/${witness.session}`, renewing, headers)).status).toBe(403);
    }
    expect(witness.data()).not.toContain('stolen');
  });

  it('takes nothing of a foreign page, also with the right token', async () => {
    const headers = { Authorization: 'Bearer witness', Origin: 'https://evil.example' };
    expect((await post(`/sse/${witness.session}`, frame, headers)).status).toBe(403);
    const plain = { Authorization: 'Bearer witness', 'Content-Type': 'text/plain' };
    expect((await post(`/sse/${witness.session}`, frame, plain)).status).toBe(415);
  });

  it('whose client sends too much ends with 1009', async () => {
    const eve = await streaming(send, 'eve');
    eve.send('x'.repeat(131_073));
    expect(await eve.closed).toMatchObject({ code: 1009 });
    await expect.poll(() => eve.statuses).toEqual([413]);
    eve.send('{"t":"ping"}');
    await expect.poll(() => eve.statuses).toEqual([413, 404]);
  });

  it('whose client sends no frame ends with 4400', async () => {
    const eve = await streaming(send, 'eve');
    eve.send('not a frame');
    expect(await eve.closed).toMatchObject({ code: 4400 });
  });

  it('is not opened twice, nor by GET when it has its stream', async () => {
    expect((await send(`/sse/${witness.session}`, {})).status).toBe(204);
  });
});

const sessions = scale(300, 2_000);
it(`${sessions} sessions without a stream are gone after 10 s, and a GET of each is told to stop`, async () => {
  const ids: string[] = [];
  for (let at = 0; at < sessions; at += 50)
    ids.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(50, sessions - at) }, async (_, n) => {
          const body = `${connect({ nonce: `nonce-${at + n}-x` })}\n${attach}`;
          const response = await post('/sse', body, { Accept: 'application/json' });
          return ((await response.json()) as { session: string }).session;
        }),
      )),
    );
  expect(new Set(ids).size).toBe(sessions);
  await expect
    .poll(() => it0.server.stats().connections, { timeout: 20_000, interval: 100 })
    .toBe(1);
  for (const id of ids.slice(0, 50)) expect((await send(`/sse/${id}`, {})).status).toBe(204);
}, 60_000);

it('a client that does not read the end of its stream is gone after 5 s', async () => {
  const other = await socketServer({ limits: { outboundBytes: 50_000_000 } });
  const body = `${connect()}\n${attach}`;
  const socket = connectSocket(other.port, '127.0.0.1').pause();
  socket.on('error', () => {});
  socket.write(
    `POST /anywire/sse HTTP/1.1\r\nHost: x\r\nContent-Type: ${ndjson}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await expect.poll(() => other.server.stats().channels).toBe(1);
  // More than the system takes for it.
  for (let n = 0; n < 400; n++) await other.server.publish('room', 'e', 'x'.repeat(60_000));
  const closed = other.server.close({ deadlineMs: 60_000 });
  await closed;
  expect(other.server.stats().connections).toBe(0);
  socket.destroy();
  await other.close();
}, 20_000);

it('clients that open streams and never read them cost a bound each, and the others nothing', async () => {
  const sockets: Socket[] = [];
  for (let n = 0; n < 20; n++) {
    const body = `${connect({ nonce: `nonce-slow-${n}` })}\n${attach}`;
    const socket = connectSocket(it0.port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write(
      `POST /anywire/sse HTTP/1.1\r\nHost: x\r\nContent-Type: ${ndjson}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    sockets.push(socket);
  }
  await expect.poll(() => it0.server.stats().connections).toBe(21);
  let sent = 0;
  while (it0.server.stats().connections > 1 && sent < 1_000) {
    await it0.server.publish('room', 'e', `${sent++}`.padEnd(60_000, 'x'));
    await witness.hears(`${sent - 1}`.padEnd(60_000, 'x'));
  }
  expect(it0.server.stats().connections).toBe(1);
  expect(witness.messages('room')).toHaveLength(sent);
  for (const socket of sockets) socket.destroy();
}, 60_000);
