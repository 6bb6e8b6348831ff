import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Drop, Link, OpenedInfo } from '@anywire/core';
import { errorCodes as ours, RealtimeError } from '@anywire/core/errors';
import { errorCodes as onTheWire } from '@anywire/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket as WsSocket, WebSocketServer, type WebSocket as Peer } from 'ws';
import { ws, type WsOptions } from './index.ts';
import { messagePack } from './messagepack.ts';

let server: WebSocketServer;
let url: string;
/** What the server can speak, and what it was offered last. */
let spoken: Set<string>;
let offers: string[];
const codec = messagePack();

beforeEach(async () => {
  server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => {
      offers = [...offered];
      return offers.find((name) => spoken.has(name)) ?? false;
    },
  });
  spoken = new Set(['anywire.v1']);
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/anywire`;
});
afterEach(async () => {
  for (const peer of server.clients) peer.terminate();
  server.close();
  await once(server, 'close');
});

interface Heard {
  readonly link: Link;
  readonly opened: Promise<OpenedInfo>;
  readonly dropped: Promise<Drop>;
  readonly drops: Drop[];
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((resolver) => (resolve = resolver));
  return { promise, resolve };
}

function listen(): Heard {
  const opened = deferred<OpenedInfo>();
  const dropped = deferred<Drop>();
  const drops: Drop[] = [];
  const nothing = (): void => {};
  const link: Link = {
    opened: opened.resolve,
    dropped(drop) {
      drops.push(drop);
      dropped.resolve(drop);
    },
    attached: nothing,
    replayed: nothing,
    detached: nothing,
    received: nothing,
    presence: nothing,
    report: nothing,
    alive: nothing,
    authorize: async () => ({ token: 'token-of-ann' }),
    nonce: 'nonce-ann',
    clientId: undefined,
    secret: 'secret-of-this-client',
    instanceId: 'tab-1',
    clock: { now: () => 0, schedule: () => nothing },
    random: () => 0.5,
    log: nothing,
  };
  return { link, opened: opened.promise, dropped: dropped.promise, drops };
}

/** Accepts the next connection up to its `connect` frame. */
async function accept(): Promise<{ peer: Peer; connect: unknown; request: { url?: string } }> {
  const [peer, request] = (await once(server, 'connection')) as [Peer, { url?: string }];
  const [data] = (await once(peer, 'message')) as [Buffer];
  return { peer, request, connect: JSON.parse(data.toString()) };
}

const connected = JSON.stringify({
  ...{ t: 'connected', r: 0, connection: 'c1', client: 'ann', resume: 'r1' },
  ...{ heartbeatMs: 25_000, limits: { payloadBytes: 1_024 } },
});

async function connect(options: Partial<WsOptions> = {}) {
  const heard = listen();
  const accepted = accept();
  const session = ws({ url, ...options }).open(heard.link, 'r0');
  const { peer, ...rest } = await accepted;
  peer.send(connected);
  return { ...heard, session, peer, info: await heard.opened, ...rest };
}

describe.each([
  ['the global WebSocket', {}],
  ['the class of the package ws', { WebSocket: WsSocket }],
])('ws() with %s', (_, options) => {
  it('speaks anywire.v1, and keeps the token out of the URL', async () => {
    const { peer, connect: frame, request, info, session } = await connect(options);
    expect(peer.protocol).toBe('anywire.v1');
    expect(request.url).toBe('/anywire');
    expect(frame).toEqual({
      ...{ t: 'connect', r: 0, token: 'token-of-ann' },
      ...{ nonce: 'nonce-ann', instance: 'tab-1', resume: 'r0' },
    });
    expect(info).toMatchObject({
      connectionId: 'c1',
      clientId: 'ann',
      limits: { maxPayloadBytes: 1_024, presence: {}, history: {} },
    });
    await session.close();
  });

  it('says bye, closes with 1000, and close() does not wait for the network', async () => {
    const { peer, session, drops } = await connect(options);
    const bye = once(peer, 'message');
    const closed = once(peer, 'close');
    (peer as unknown as { _socket: { pause(): void } })._socket.pause();
    await session.close();
    (peer as unknown as { _socket: { resume(): void } })._socket.resume();
    expect(String((await bye)[0])).toBe('{"t":"bye"}');
    expect((await closed)[0]).toBe(1000);
    expect(drops).toEqual([]);
  });

  it('reports the close code of the server', async () => {
    const { peer, dropped } = await connect(options);
    peer.close(4401, 'not you');
    const { error, retry } = await dropped;
    expect([error.code, error.vendorCode, retry]).toEqual(['auth_denied', 4401, 'never']);
    expect(error.message).toContain('not you');
  });

  it('reports a server that is not there, once, to be retried', async () => {
    const { link, dropped, drops } = listen();
    const session = ws({ url: 'ws://127.0.0.1:1/', ...options }).open(link);
    expect(await dropped).toMatchObject({ error: { code: 'connection_failed' }, retry: 'backoff' });
    await session.close();
    expect(drops).toHaveLength(1);
  });

  it('says where no WebSocket is, without query and user', async () => {
    const http = createServer((_, response) => response.writeHead(404).end());
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    for (const path of ['/nothing', '/nothing?key=secret&to=a@b']) {
      const { link, dropped } = listen();
      const session = ws({ url: `ws://ann:secret@127.0.0.1:${port}${path}`, ...options }).open(
        link,
      );
      const { error, retry } = await dropped;
      expect([error.code, error.vendorCode, retry]).toEqual(['connection_failed', 1006, 'backoff']);
      expect(error.message).toMatch(`no WebSocket at ws://127.0.0.1:${port}/nothing `);
      expect(error.message).not.toContain('secret');
      await session.close();
    }
    http.close();
    await once(http, 'close');
  });

  it('says nothing of it once the socket was open', async () => {
    const { peer, dropped, session } = await connect(options);
    peer.terminate();
    expect((await dropped).error.message).not.toContain('no WebSocket');
    await session.close();
  });

  it('can be closed while the socket still opens', async () => {
    const { link, drops } = listen();
    const session = ws({ url, ...options }).open(link);
    await session.close();
    expect(drops).toEqual([]);
  });

  it('drops with protocol_error on a binary message', async () => {
    const { peer, dropped } = await connect(options);
    peer.send(Buffer.from('{"t":"ping"}'), { binary: true });
    expect(await dropped).toMatchObject({ error: { code: 'protocol_error' }, retry: 'backoff' });
  });

  it('reports a URL that cannot be, for good and not during open', async () => {
    const { link, dropped, drops } = listen();
    const session = ws({ url: 'not a url', ...options }).open(link);
    expect(drops).toEqual([]);
    const { error, retry } = await dropped;
    expect([error.code, retry]).toEqual(['invalid', 'never']);
    expect(error.message).toContain('no WebSocket at not a url');
    await session.close();
  });
});

describe.each([
  ['the global WebSocket', {}],
  ['the class of the package ws', { WebSocket: WsSocket }],
])('a codec, with %s', (_, options) => {
  it('is offered before JSON and before further subprotocols, and spoken when it is selected', async () => {
    spoken.add(codec.subprotocol);
    const heard = listen();
    const connection = once(server, 'connection');
    const session = ws({ url, codec, protocols: ['mine'], ...options }).open(heard.link);
    const [peer] = (await connection) as [Peer];
    const [first, isBinary] = (await once(peer, 'message')) as [Buffer, boolean];
    expect(offers).toEqual(['anywire.v1.msgpack', 'anywire.v1', 'mine']);
    expect([peer.protocol, isBinary]).toEqual(['anywire.v1.msgpack', true]);
    expect(codec.decode(first, 0).frame).toMatchObject({ t: 'connect', token: 'token-of-ann' });
    peer.send(codec.encode(JSON.parse(connected) as object));
    expect(await heard.opened).toMatchObject({ connectionId: 'c1' });
    await session.close();
  });

  it('that the server does not have leaves JSON', async () => {
    const { peer, connect: frame, info, session } = await connect({ codec, ...options });
    expect([peer.protocol, frame]).toMatchObject(['anywire.v1', { t: 'connect' }]);
    expect(info).toMatchObject({ connectionId: 'c1' });
    await session.close();
  });
});

describe('ws()', () => {
  it.each([
    ['emulated', undefined],
    ['native', codec],
  ])('has binary data %s', (binary, given) => {
    const { capabilities, capabilitiesFor } = ws({ url, ...(given && { codec: given }) });
    const spec = { name: 'a', kind: 'private', presence: true, history: false } as const;
    expect([capabilities.binary, capabilitiesFor?.(spec).binary]).toEqual([binary, binary]);
  });

  it('asks a function for the URL at each open, and offers further subprotocols', async () => {
    const asked: number[] = [];
    const options = { protocols: ['mine'], url: () => `${url}?try=${asked.push(1)}` };
    for (const expected of [1, 2]) {
      const { request, session } = await connect(options);
      expect(request.url).toBe(`/anywire?try=${expected}`);
      await session.close();
    }
  });

  it('hands out the socket', async () => {
    const { session } = await connect({ WebSocket: WsSocket });
    expect(session.native).toBeInstanceOf(WsSocket);
    await session.close();
  });

  it('says how to go on where there is no WebSocket', async () => {
    const { link, dropped } = listen();
    const session = ws({ url, WebSocket: null as never }).open(link);
    const { error, retry } = await dropped;
    expect([error.code, retry]).toEqual(['unsupported', 'never']);
    expect(error.message).toContain('ws({ url, WebSocket })');
    await session.close();
  });

  it('turns error codes of a newer server into server_error', async () => {
    const { peer, session } = await connect();
    const done = session.detach('room');
    await once(peer, 'message');
    peer.send('{"t":"error","r":1,"code":"too_modern","message":"no"}');
    await expect(done).rejects.toSatisfy((error) => RealtimeError.is(error, 'server_error'));
    await session.close();
  });

  it('declares less for a channel without history', () => {
    const adapter = ws({ url });
    const spec = { name: 'a', kind: 'private', presence: true } as const;
    expect(adapter.capabilitiesFor?.({ ...spec, history: true })).toBe(adapter.capabilities);
    expect(adapter.capabilitiesFor?.({ ...spec, history: false })).toMatchObject({
      ...{ ack: 'accepted', rewind: 'none', history: { support: 'none' } },
    });
  });

  it('shares its error codes with the protocol', () => {
    expect(onTheWire.toSorted()).toEqual(ours.toSorted());
  });
});
