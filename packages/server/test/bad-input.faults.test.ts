/**
 * What a broken or hostile client may send, and what it gets for it. In every case a well-behaved pair beside it goes
 * on as if nothing were, and nothing of the case is left in the server.
 *
 * @see docs/protocol.md#violations
 */
import type { ServerFrame } from '@anywire/protocol';
import { messagePack } from '@anywire/protocol/messagepack';
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { TestClient } from './support/client.ts';
import { openClient, socketServer, type SocketServer } from './support/sockets.ts';

type Client = TestClient & { socket: WebSocket };

const codec = messagePack();
const connectTimeoutMs = 200;
const frameBytes = 524_288;
let host: SocketServer;
let ann: Client;
let bob: Client;
let said = 0;

beforeAll(async () => {
  host = await socketServer({
    limits: { connectTimeoutMs, frameBytes },
    codecs: [codec],
    hookTimeoutMs: connectTimeoutMs,
    authenticate({ token }) {
      if (token === 'hangs') return new Promise(() => {});
      if (token === 'expired') return { clientId: 'late', expiresAt: 1 };
      if (token === 'wrong') throw new Error(`cannot read ${token}`);
      return token === undefined ? {} : { clientId: token };
    },
  });
  ann = await host.connected('ann');
  bob = await host.connected('bob', codec);
  for (const client of [ann, bob]) await client.attach('pair');
});
afterAll(async () => {
  await host.close();
  expect(host.server.stats()).toEqual({ connections: 0, channels: 0 });
});

/** The pair exchanges a message each way. */
async function exchange(): Promise<void> {
  said += 1;
  await ann.publish('pair', `ann ${said}`);
  await bob.publish('pair', `bob ${said}`);
  await Promise.all([ann.hears(`bob ${said}`), bob.hears(`ann ${said}`)]);
}
/** Only the pair is left. */
async function nothingLeft(): Promise<void> {
  await expect.poll(() => host.server.stats()).toEqual({ connections: 2, channels: 1 });
  await exchange();
  expect(ann.data()).toEqual(bob.data());
}
beforeEach(exchange);

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const frame = (t: string, rest: object): string => JSON.stringify({ t, r: 7, ...rest });

describe('the connection ends', () => {
  const connected = async (): Promise<Client> => host.connected('eve');
  const fresh = async (): Promise<Client> => host.join();
  const text = (given: string | Buffer) => (client: Client) => client.socket.send(given);

  it.each<[string, () => Promise<Client>, (client: Client) => unknown, number]>([
    ['not JSON', connected, text('hello'), 4400],
    ['an empty message', connected, text(''), 4400],
    ['the wrong shape', connected, text(frame('attach', { c: 5 })), 4400],
    ['200,000 nested arrays as a frame', connected, text(nested(200_000)), 4400],
    ['300,000 nested arrays, over the limit', connected, text(nested(300_000)), 1009],
    ['a message over the limit', connected, text('x'.repeat(frameBytes + 1)), 1009],
    ['an unknown type', connected, text(frame('shout', {})), 4404],
    ['a type called constructor', connected, text(frame('constructor', {})), 4404],
    ['a binary message', connected, text(Buffer.from('{"t":"ping"}')), 4400],
    ['publish before connect', fresh, text(frame('publish', { c: 'pair', i: 'aaaaaaaa:0', e: 'm', d: 1 })), 4402],
    ['attach before connect', fresh, text(frame('attach', { c: 'pair' })), 4402],
    ['connect twice', connected, text(frame('connect', { nonce: 'aaaaaaaa', instance: 'i' })), 4402],
    ['no connect in time', fresh, () => {}, 4202],
    ['pings and no connect', fresh, (client) => client.send({ t: 'ping' }), 4202],
    ['a connect whose nonce cannot be', fresh, text(frame('connect', { nonce: 'x', instance: 'i' })), 4400],
    ['a wrong token', fresh, (client) => client.request({ t: 'connect', nonce: client.nonce, instance: 'i', token: 'wrong' }), 4201],
    ['an expired token', fresh, (client) => client.request({ t: 'connect', nonce: client.nonce, instance: 'i', token: 'expired' }), 4200],
    ['a token that is never looked at', fresh, (client) => client.request({ t: 'connect', nonce: client.nonce, instance: 'i', token: 'hangs' }), 4201],
    ['the nonce of somebody else', fresh, (client) => client.request({ t: 'connect', nonce: ann.nonce, instance: 'i', token: 'eve' }), 4401],
    ['a flood of 5,000 fragments', connected, flood(5_000), 1008],
    ['a fragment that never ends, before connect', fresh, (client) => client.socket.send('{', { fin: false }), 4202],
    ['bytes that are not UTF-8', connected, (client) => client.socket.send(Buffer.from([0xff, 0xfe]), { binary: false }), 1007],
  ])('%s', async (_, join, act, code) => {
    const client = await join();
    client.socket.on('error', () => {});
    const answered = Promise.resolve(act(client)).catch(() => {});
    await exchange();
    expect(await client.closed).toMatchObject({ code });
    await answered;
    await nothingLeft();
  }); // prettier-ignore
});

function flood(count: number) {
  return (client: Client): void => {
    for (let n = 0; n < count; n++) client.socket.send('x', { fin: false });
  };
}

describe('MessagePack', () => {
  const id = (client: Client): string => `${client.nonce}:0`;
  const publish = (client: Client) => ({ t: 'publish', r: 7, c: 'pair', i: id(client), e: 'm' });
  const lists = (depth: number): Uint8Array => new Uint8Array(depth).fill(0x91);
  /** `count` lists inside each other, each of which declares more items than there are bytes. */
  const bomb = (count: number): Uint8Array =>
    codec.join(Array<Uint8Array>(count).fill(Uint8Array.of(0xdd, 0, 7, 0xff, 0)));

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a frame that is cut off', codec.encode({ t: 'detach', r: 7, c: 'pair' }).subarray(0, -1)],
    ['a list', Uint8Array.of(0x90)],
    ['200,000 lists inside each other', lists(200_000)],
    ['a map of a declared 4 billion members', Uint8Array.of(0xdf, 255, 255, 255, 255)],
    ['a text of a declared 4 GiB', Uint8Array.of(0x81, 0xa1, 0x74, 0xdb, 255, 255, 255, 255)],
    ['100,000 lists of a declared 524,032 items', codec.splice({ t: 'x' }, bomb(100_000))],
    ['a key that is a number', Uint8Array.of(0x81, 1, 1)],
    ['a text that is no UTF-8', Uint8Array.of(0x81, 0xa1, 0x74, 0xa1, 0xff)],
    ['an extension as type', Uint8Array.of(0x81, 0xa1, 0x74, 0xd4, 1, 1)],
    ['a member of another type', codec.encode({ t: 'attach', r: 7, c: 5 })],
  ])('%s ends the connection with 4400', async (_, message) => {
    const client = await host.connected('eve', codec);
    client.send(message);
    await exchange();
    expect(await client.closed).toMatchObject({ code: 4400 });
    await nothingLeft();
  });

  it.each<[string, Uint8Array, string]>([
    ['200,000 lists inside each other', codec.join([lists(200_000), Uint8Array.of(1)]), 'invalid'],
    ['NaN', Uint8Array.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 'invalid'],
    ['a timestamp', Uint8Array.of(0xd6, 0xff, 0, 0, 0, 1), 'invalid'],
    ['bytes inside a list', Uint8Array.of(0x91, 0xc4, 1, 7), 'invalid'],
    ['65,537 bytes', codec.encode({ d: new Uint8Array(65_537) }).subarray(3), 'payload_too_large'],
  ])('data of %s are answered, and the connection stays', async (_, data, code) => {
    const client = await host.connected('eve', codec);
    client.send(codec.splice(publish(client), data));
    expect(await client.next('error')).toMatchObject({ r: 7, code });
    client.send(codec.splice(publish(client), Uint8Array.of(0xc4, 1, 7)));
    expect(await client.next('ack')).toMatchObject({ r: 7 });
    await bob.hears(Uint8Array.of(7));
    client.end();
    await client.closed;
    await nothingLeft();
  });

  it('of __proto__ as a member reaches clients of both codecs as it is', async () => {
    const client = await host.connected('eve', codec);
    const data = JSON.parse('{"__proto__":{"polluted":1}}') as object;
    await client.publish('pair', data);
    await Promise.all([ann.hears(data), bob.hears(data)]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    client.end();
    await client.closed;
    await nothingLeft();
  });
});

describe('the frame is answered, and the connection stays', () => {
  const publish = { e: 'm', d: 1 };
  it.each<[string, string, object, string]>([
    ['an empty channel', 'publish', { c: '', ...publish }, 'invalid'],
    ['a channel of 10 KB', 'publish', { c: 'x'.repeat(10_240), ...publish }, 'invalid'],
    ['a channel with a NUL', 'attach', { c: 'a\0b' }, 'invalid'],
    ['a channel with a line feed', 'attach', { c: 'a\nb' }, 'invalid'],
    ['an empty event', 'publish', { c: 'pair', e: '', d: 1 }, 'invalid'],
    ['an id of another client', 'publish', { c: 'pair', ...publish, get i() { return `${ann.nonce}:0`; } }, 'forbidden'],
    ['an id without a counter', 'publish', { c: 'pair', ...publish, i: 'other-one' }, 'invalid'],
    ['data over the limit', 'publish', { c: 'pair', e: 'm', d: 'x'.repeat(65_535) }, 'payload_too_large'],
    ['base64 that is none', 'publish', { c: 'pair', e: 'm', b: 1, d: 'AAE' }, 'invalid'],
    ['a mark for base64 that is none', 'publish', { c: 'pair', e: 'm', b: 2, d: 'AAEC' }, 'invalid'],
    ['extras of 1,100 characters', 'publish', { c: 'pair', e: 'm', x: { a: 'x'.repeat(1_100) }, d: 1 }, 'invalid'],
    ['a cursor that is none', 'history', { c: 'pair', limit: 1, dir: 'forwards', from: '__proto__' }, 'invalid'],
    ['a page of 0', 'history', { c: 'pair', limit: 0, dir: 'forwards' }, 'invalid'],
    ['a direction that is none', 'history', { c: 'pair', limit: 1, dir: 'sideways' }, 'invalid'],
    ['presence without an attachment', 'enter', { c: 'pair', d: 1 }, 'invalid'],
    ['a token of another client', 'token', { token: 'ann' }, 'forbidden'],
    ['a wrong token', 'token', { token: 'wrong' }, 'auth_failed'],
  ])('%s', async (_, t, rest, code) => {
    const client = await host.connected('eve');
    const r = 7;
    client.send(JSON.stringify({ t, r, i: `${client.nonce}:0`, ...rest }));
    await exchange();
    expect(await client.next('error')).toMatchObject({ t: 'error', r, code });
    await client.attach('pair');
    client.end();
    await client.closed;
    await nothingLeft();
  }); // prettier-ignore

  it.each([
    ['200,000 nested arrays as data', nested(200_000)],
    ['65 nested arrays as data', nested(65)],
  ])('%s', async (_, payload) => {
    const client = await host.connected('eve');
    const head = `{"t":"publish","r":7,"c":"pair","i":"${client.nonce}:0","e":"m"`;
    client.send(`${head},"d":${payload}}`);
    // Also where the payload is not last, and is parsed in another way.
    client.send(`{"d":${payload},${head.slice(1)}}`);
    await exchange();
    for (let n = 0; n < 2; n++)
      expect(await client.next('error')).toMatchObject({ r: 7, code: 'invalid' });
    client.end();
    await client.closed;
    await nothingLeft();
  });

  it('a channel called __proto__ is one like any other', async () => {
    const client = await host.connected('eve');
    const attached = await client.attach('__proto__', { presence: 'enter', d: { __proto__: 1 } });
    expect(attached.continuity).toBe('initial');
    expect(await client.publish('__proto__', 1)).toMatchObject({ t: 'ack', s: expect.any(Number) });
    await client.hears(1);
    await client.request({ t: 'history', c: '__proto__', limit: 1, dir: 'backwards' });
    expect(Object.keys(Object.prototype)).toEqual([]);
    client.end();
    await client.closed;
    await nothingLeft();
  });

  it('a message in 500 fragments is a message', async () => {
    const client = await host.connected('eve');
    const text = JSON.stringify({ t: 'attach', r: 7, c: 'x'.repeat(200) });
    for (const [at, char] of [...text].entries())
      client.socket.send(char, { fin: at === text.length - 1 });
    expect(await client.next('attached')).toMatchObject({ r: 7 });
    client.end();
    await client.closed;
    await nothingLeft();
  });
});

describe('the handshake is refused', () => {
  it.each([
    ['a foreign origin', 'https://evil.example'],
    ['an origin that begins like ours', 'http://127.0.0.1.evil.example'],
    ['the origin null', 'null'],
    ['another port of our host', 'http://127.0.0.1:1'],
  ])('with 403 for %s', async (_, origin) => {
    const url = `ws://127.0.0.1:${host.port}/anywire`;
    await expect(openClient(url, { headers: { Origin: origin } })).rejects.toThrow('403');
    await nothingLeft();
  });

  it('not for our own origin', async () => {
    const client = await host.join({ headers: { Origin: `http://127.0.0.1:${host.port}` } });
    await client.connect();
    client.end();
    await client.closed;
    await nothingLeft();
  });

  it.each([
    ['no key', ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'], '400'],
    ['another protocol', ['Upgrade: h2c', 'Connection: Upgrade'], '400'],
  ])('for %s', async (_, headers, status) => {
    const lines = ['GET /anywire HTTP/1.1', 'Host: x', ...headers, '', ''];
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectTcp(host.port, '127.0.0.1', () => socket.write(lines.join('\r\n')));
      let read = '';
      socket.on('data', (data) => (read += data.toString()));
      socket.on('close', () => resolve(read));
      socket.on('error', reject);
    });
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    await nothingLeft();
  });
});

describe('a socket that breaks', () => {
  it('amid anything, 100 times, leaves nothing behind', async () => {
    for (let n = 0; n < 100; n++) {
      const client = await host.join();
      client.socket.on('error', () => {});
      if (n % 2) client.send(frame('connect', { nonce: client.nonce, instance: 'i' }));
      if (n % 4 > 1) client.send(frame('attach', { c: `room ${n}`, presence: 'watch' }));
      if (n % 8 > 3) client.socket.send('{"t":"pub', { fin: false });
      client.cut();
    }
    await nothingLeft();
  });

  it('tells nobody a token', () => {
    expect(host.logs.join('\n')).toContain('cannot read …');
    expect(host.logs.join('\n')).not.toContain('wrong');
  });
});

/** Every frame that the pair ever got is one that it expects. */
it('the pair never saw anything else', () => {
  const types = new Set<ServerFrame['t']>([...ann.all, ...bob.all].map(({ t }) => t));
  expect(types).toEqual(new Set(['connected', 'attached', 'message', 'ack']));
});
