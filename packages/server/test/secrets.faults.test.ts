/**
 * Tokens, payloads and other secrets, through every way in which a client or a backend is refused: none of them, nor a part of
 * them, is in a line of the log, in what the client is told, or in a close reason.
 *
 * What an app's own hook throws is the app's; here only `authenticate` quotes, as libraries for tokens do.
 */
import { inspect } from 'node:util';
import { RealtimeError } from '@anywire/core/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { memory } from '../src/index.ts';
import type { TestClient } from './support/client.ts';
import { openClient, socketServer, type SocketServer } from './support/sockets.ts';

type Client = TestClient & { socket: WebSocket };

/** In every secret, and nowhere else. */
const mark = 'SESAME';
const claims = JSON.stringify({ sub: 'eve', word: `${mark} in claims` });
const part = (text: string): string => Buffer.from(text).toString('base64url');
const jwt = `${part('{"alg":"none"}')}.${part(claims)}.${mark}`;
/** Pieces that would give a secret away. */
const pieces = [mark, part(claims).slice(8, 20), 'in claims'];

const lines: string[] = [];
let host: SocketServer;
const told: string[] = [];

beforeAll(async () => {
  const engine = memory();
  host = await socketServer({
    log: (level, text, details) => lines.push(`${level} ${text} ${inspect(details, { depth: 9 })}`),
    serverKey: `${mark}-key`,
    hookTimeoutMs: 50,
    limits: { publishRate: 0.1, publishBurst: 20, requestRate: 0.1, requestBurst: 30, userConnections: 1, presenceBytes: 64, frameRate: 1, frameBurst: 90 },
    engine: {
      ...engine,
      append(name, draft) {
        if (name === 'broken') throw new Error('the disk is full');
        return engine.append(name, draft);
      },
    },
    authenticate({ token = '', request }) {
      if (token.endsWith('?')) throw new Error(`Unexpected token in "${claims.slice(0, 30)}"... of ${token.slice(0, 30)}`);
      if (token.endsWith('!')) throw new Error(`${token} with ${String(request?.headers.cookie)} at ${String(request?.url)}`);
      if (token.endsWith('text')) throw token as unknown as Error;
      if (token.endsWith('hangs')) return new Promise(() => {});
      if (token.endsWith('old')) throw new RealtimeError('token_expired', 'the token has expired');
      if (token.endsWith('denied')) throw new RealtimeError('auth_denied', 'not you');
      if (token.endsWith('null')) return null;
      if (token.endsWith('odd')) return { clientId: 5 as unknown as string };
      return { clientId: token.endsWith('bob') ? 'bob' : 'eve', claims: { word: mark } };
    },
    authorize({ channel }) {
      if (channel === 'throws') throw new Error('the database is away');
      if (channel === 'hangs') return new Promise(() => {});
      return channel !== 'secret';
    },
    onPublish({ channel }) {
      if (channel === 'refuses') throw new RealtimeError('invalid', 'not like that');
      if (channel === 'crashes') throw new Error('a bug');
    },
  }); // prettier-ignore
});
afterAll(() => host.close());

async function visitor(): Promise<Client> {
  const client = await openClient(`ws://127.0.0.1:${host.port}/anywire?word=${mark}-query`, {
    headers: { Cookie: `session=${mark}-cookie`, Authorization: `Bearer ${mark}-header` },
  });
  client.socket.on('message', (data: Buffer) => told.push(data.toString()));
  client.socket.on('close', (_, reason) => told.push(reason.toString()));
  return client;
}
async function connected(token = `${jwt}.bob`): Promise<Client> {
  const client = await visitor();
  await client.connect({ token });
  return client;
}

/** What the test itself sent is not told back, except to its own client: the `resume` of a connection. */
function expectNothingTold(): void {
  for (const piece of pieces) {
    expect(lines.filter((line) => line.includes(piece))).toEqual([]);
    expect(told.filter((text) => text.includes(piece))).toEqual([]);
  }
}

it.each(['?', '!', 'text', 'hangs', 'old', 'denied', 'null', 'odd'])(
  'a connect with a token that is "%s"',
  async (end) => {
    const client = await visitor();
    const resume = `${mark}-resume-of-somebody`.slice(0, 24);
    const r = { t: 'connect', nonce: client.nonce, instance: 'x', resume } as const;
    expect(await client.request({ ...r, token: jwt + end })).toMatchObject({ t: 'error' });
    await client.closed;
    expectNothingTold();
  },
);

it.each(['?', '!', 'text', 'hangs', 'old', 'null', 'odd', '', 'denied'])(
  'a renewed token that is "%s"',
  async (end) => {
    const client = await connected();
    expect(await client.request({ t: 'token', token: jwt + end })).toMatchObject({ t: 'error' });
    client.end();
    await client.closed;
    expectNothingTold();
  },
);

it('a second connection of one user, and the nonce of somebody else', async () => {
  const [first, second] = [await connected(), await visitor()];
  const connect = { t: 'connect', instance: 'x', token: `${jwt}.bob` } as const;
  expect(await second.request({ ...connect, nonce: second.nonce })).toMatchObject({ code: 'limit_exceeded' });
  await second.closed;
  const third = await visitor();
  expect(await third.request({ ...connect, token: jwt, nonce: first.nonce })).toMatchObject({ code: 'forbidden' });
  await third.closed;
  first.end();
  await first.closed;
  expectNothingTold();
}); // prettier-ignore

it('publishes, members and pages, refused in 18 ways', async () => {
  const client = await connected();
  const nested = JSON.parse(`${'['.repeat(70)}"${mark}"${']'.repeat(70)}`) as unknown;
  const i = `${client.nonce}:900`;
  const d = `${mark} data`;
  const x = { word: mark };
  const requests = [
    { t: 'publish', c: 'room', i, e: 'm', d: mark.repeat(11_000) },
    { t: 'publish', c: 'room', i, e: 'm', d: nested },
    { t: 'publish', c: 'room', i, e: 'm', b: 1, d: `${mark}*` },
    { t: 'publish', c: 'room', i, e: 'm', x: { word: mark.repeat(200) }, d },
    { t: 'publish', c: 'room', i: 'nonce-of-server:1', e: 'm', x, d, b: 2 },
    { t: 'publish', c: 'room', i: 'no-counter', e: 'm', x, d },
    { t: 'publish', c: 'secret', i, e: 'm', x, d },
    { t: 'publish', c: 'throws', i, e: 'm', x, d },
    { t: 'publish', c: 'hangs', i, e: 'm', x, d },
    { t: 'publish', c: 'refuses', i, e: 'm', x, d },
    { t: 'publish', c: 'crashes', i, e: 'm', x, d },
    { t: 'publish', c: 'broken', i, e: 'm', x, d },
    { t: 'publish', c: `room\n${mark}`, i, e: 'm', x, d },
    { t: 'attach', c: 'room', presence: 'enter', d: mark.repeat(20) },
    { t: 'attach', c: 'room', presence: mark, d },
    { t: 'attach', c: 'throws', d, cursor: `${mark}:1:` },
    { t: 'enter', c: 'room', d },
    { t: 'history', c: 'room', limit: 1, dir: 'forwards', from: `${mark}::` },
  ];
  for (const request of requests)
    expect(await client.request(request as never), JSON.stringify(request)).toMatchObject({ t: 'error' });
  // Volatile ones, of which only the log hears.
  for (const request of requests.filter(({ t }) => t === 'publish')) client.send(JSON.stringify(request));
  const last = async () => client.publish('room', d);
  await expect.poll(async () => (await last()).t, { interval: 1 }).toBe('error');
  expect(await last()).toMatchObject({ code: 'rate_limited' });
  client.end();
  await client.closed;
  expectNothingTold();
  expect(lines.join('\n')).toContain('the disk is full');
}); // prettier-ignore

it.each([
  ['no JSON', `{"t":"publish","d":"${mark}"`],
  ['an unknown type', `{"t":"${mark}"}`],
  ['a type that is a number', `{"t":5,"word":"${mark}"}`],
  ['a request without a number', `{"t":"attach","r":"${mark}","c":"room"}`],
  ['a channel that is an object', `{"t":"attach","r":1,"c":{"${mark}":1}}`],
  ['a second connect', `{"t":"connect","r":1,"nonce":"${mark}-nonce","instance":"${mark}"}`],
  ['100 frames', `{"t":"history","r":1,"c":"${mark}","limit":1,"dir":"forwards"}\n`.repeat(100)],
])('a frame that ends the connection: %s', async (_, text) => {
  const client = await connected();
  client.send(text.trim());
  await client.closed;
  expectNothingTold();
});

it('a first frame that cannot be', async () => {
  const client = await visitor();
  client.send(`{"t":"connect","r":1,"nonce":"${mark}","instance":"x","token":"${mark}"}`);
  expect(await client.closed).toMatchObject({ code: 4400 });
  expectNothingTold();
});

it.each([
  ['POST', '/publish', `Bearer ${mark}-wrong`, `{"channel":"a","event":"e","data":"${mark}"}`],
  ['POST', '/publish', `Bearer ${mark}-key`, `{"data":"${mark}`],
  ['POST', '/publish', `Bearer ${mark}-key`, `{"channel":"a","data":"${mark}"}`],
  ['POST', '/publish', `Bearer ${mark}-key`, `{"channel":"broken","event":"e","data":"${mark}"}`],
  ['POST', '/publish', `Bearer ${mark}-key`, `{"channel":"a","event":"e","data":"${mark.repeat(20_000)}"}`],
  ['POST', `/${mark}?word=${mark}`, `Basic ${mark}`, mark],
  ['PUT', `/publish?word=${mark}`, `Basic ${mark}`, mark],
])('an HTTP request: %s %s with %s', async (method, path, authorization, body) => {
  const answer = await fetch(`http://127.0.0.1:${host.port}/anywire${path}`, {
    ...{ method, body },
    headers: { authorization, 'content-type': 'application/json', connection: 'close' },
  });
  expect(answer.ok).toBe(false);
  told.push(await answer.text());
  expectNothingTold();
}); // prettier-ignore

it('there was something to be told', () => {
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.join('\n')).toContain('Unexpected token in "…"... of …');
  expect(told.length).toBeGreaterThan(80);
});
