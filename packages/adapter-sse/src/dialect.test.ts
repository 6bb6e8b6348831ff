/** Dialects over a real event stream, with a server as tutorials write them: one unnamed stream, and POST beside it. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRealtime,
  RealtimeError,
  type Gap,
  type Message,
  type Realtime,
} from '@anywire/core';
import { defineDialect, type Dialect } from '@anywire/core/dialect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sse } from './index.ts';

let server: Server;
let url: string;
let clients: Realtime[];
let streams: Set<ServerResponse>;
/** What the next requests are answered with, instead of the usual. */
let refusals: { readonly path: string; readonly status: number; readonly after?: string }[];
let asked: { readonly path: string; readonly authorization: string | undefined }[];

beforeEach(async () => {
  clients = [];
  streams = new Set();
  refusals = [];
  asked = [];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, authorization: request.headers.authorization });
    const refusal = refusals[0];
    if (refusal?.path === path) {
      refusals.shift();
      response.writeHead(refusal.status, refusal.after ? { 'retry-after': refusal.after } : {});
      return response.end(refusal.status === 204 ? undefined : '{"error":"not today"}');
    }
    if (path === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
      streams.add(response);
      return response.on('close', () => streams.delete(response));
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    return request.on('end', () => {
      for (const stream of streams) stream.write(`data: ${body}\n\n`);
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const stats: Dialect<'sse'> = defineDialect({
  name: 'stats',
  on: 'sse',
  defaultChannel: 'stats',
  publish: ({ event, data }) => ({ path: '/publish', body: { type: event, data } }),
  ack: { level: 'accepted', by: 'reply' },
  echo: true,
  own: () => true,
  receive({ data }) {
    const { type, data: inner } = data as { type: string; data: unknown };
    return { event: type, data: inner };
  },
});

function client(
  options: { dialect?: Dialect<'sse'>; auth?: () => Promise<string> } = {},
): Realtime {
  const { dialect = stats, auth } = options;
  const realtime = createRealtime({
    adapter: sse({ url, dialect }),
    reconnectMinMs: 10,
    log: () => {},
    ...(auth && { auth }),
  });
  clients.push(realtime);
  return realtime;
}

async function listen(realtime: Realtime): Promise<Message[]> {
  const messages: Message[] = [];
  realtime.channel('stats').onAny((message) => messages.push(message));
  await realtime.channel('stats').attach();
  return messages;
}

const failure = (promise: Promise<unknown>): Promise<RealtimeError> =>
  promise.then(
    () => expect.unreachable('resolved'),
    (error: unknown) => (RealtimeError.is(error) ? error : expect.unreachable(String(error))),
  );

describe('sse({ dialect })', () => {
  it('hears the stream and publishes by POST, whose answer is the receipt', async () => {
    const [ann, bob] = [client(), client()];
    const [own, others] = [await listen(ann), await listen(bob)];
    const { level, id } = await ann.channel('stats').publish('stats', { cpu: 7 });
    expect(level).toBe('accepted');
    await expect.poll(() => others).toMatchObject([{ event: 'stats', data: { cpu: 7 } }]);
    await expect.poll(() => own).toMatchObject([{ id, data: { cpu: 7 } }]);
  });

  it('sends 20 publishes in their order, one request after the other', async () => {
    const ann = client();
    const heard = await listen(ann);
    const room = ann.channel('stats');
    await Promise.all(Array.from({ length: 20 }, (_, n) => room.publish('stats', n)));
    await expect.poll(() => heard.map(({ data }) => data)).toEqual([...Array(20).keys()]);
  });

  it('tells a gap after a break, and goes on', async () => {
    const ann = client();
    const heard = await listen(ann);
    const gaps: Gap[] = [];
    ann.channel('stats').onGap((gap) => gaps.push(gap));
    for (const stream of streams) stream.destroy();
    await expect.poll(() => gaps).toMatchObject([{ continuity: 'unknown' }]);
    await ann.channel('stats').publish('stats', 'back');
    await expect.poll(() => heard.map(({ data }) => data)).toEqual(['back']);
  });

  it('refuses channels that the stream has not, and what is none', async () => {
    const ann = client();
    expect((await failure(ann.channel('other').attach())).code).toBe('unsupported');
    expect((await failure(ann.channel('stats').history().next())).code).toBe('unsupported');
    expect((await failure(ann.channel('stats').presence.enter({}))).code).toBe('unsupported');
  });

  it.each([
    [403, 'forbidden'],
    [413, 'payload_too_large'],
    [422, 'invalid'],
    [500, 'outcome_unknown'],
  ])('a POST that is answered %d rejects with %s', async (status, code) => {
    const ann = client();
    await ann.connection.connect();
    refusals.push({ path: '/publish', status });
    expect((await failure(ann.channel('stats').publish('stats', 1))).code).toBe(code);
    expect(ann.connection.state.get()).toBe('connected');
  });

  it('a POST that is answered 429 is sent again when the server says, once', async () => {
    const ann = client();
    const heard = await listen(ann);
    refusals.push({ path: '/publish', status: 429 });
    const receipt = await ann.channel('stats').publish('stats', 1);
    expect(receipt).toMatchObject({ level: 'accepted', attempts: 2 });
    await expect.poll(() => heard).toHaveLength(1);
  });

  it('a POST that is answered 401 is sent again with a fresh token', async () => {
    let tokens = 0;
    const ann = client({ auth: async () => `token-${(tokens += 1)}` });
    const heard = await listen(ann);
    refusals.push({ path: '/publish', status: 401 });
    const receipt = await ann.channel('stats').publish('stats', 1);
    expect(receipt.attempts).toBe(2);
    expect(asked.at(-1)).toEqual({ path: '/publish', authorization: 'Bearer token-2' });
    await expect.poll(() => heard).toHaveLength(1);
  });

  it('a stream that is answered 401 is asked for again with a fresh token', async () => {
    let tokens = 0;
    refusals.push({ path: '/events', status: 401 });
    const ann = client({ auth: async () => `token-${(tokens += 1)}` });
    await ann.connection.connect();
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('a stream that is answered 503 is asked for again', async () => {
    refusals.push({ path: '/events', status: 503 });
    const ann = client();
    await ann.connection.connect();
    expect(asked).toHaveLength(2);
  });

  it.each([
    [204, 'protocol_error'],
    [403, 'forbidden'],
  ])('a stream that is answered %d is left alone', async (status, code) => {
    refusals.push({ path: '/events', status });
    const ann = client();
    expect((await failure(ann.connection.connect())).code).toBe(code);
    expect(ann.connection.state.get()).toBe('failed');
  });

  it('a stream that is silent for longer than it says is opened again', async () => {
    const silent = defineDialect({
      ...{ name: 'silent', on: 'sse', defaultChannel: 'stats', heartbeatMs: 30 },
      receive: () => undefined,
    });
    const realtime = createRealtime({
      adapter: sse({ url, dialect: silent }),
      ...{ reconnectMinMs: 10, heartbeatSlackMs: 20, log: () => {} },
    });
    clients.push(realtime);
    await realtime.connection.connect();
    await expect.poll(() => asked.length).toBeGreaterThan(1);
  });
});
