/** Dialects over a real WebSocket, with servers as tutorials write them. */
import { once } from 'node:events';
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
import { WebSocketServer, type WebSocket as Peer } from 'ws';
import { ws } from './index.ts';

interface TutorialFrame {
  type: string;
  room: string;
  content?: unknown;
  user?: string;
}

let server: WebSocketServer;
let url: string;
let clients: Realtime[];
/** Everything that the server heard, in order. */
let heard: TutorialFrame[];
let queries: (string | undefined)[];

/** Rooms by name: what comes in goes to all in the room, with its sender's name and nothing else that it does not know. */
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  clients = [];
  heard = [];
  queries = [];
  const rooms = new Map<string, Set<Peer>>();
  server.on('connection', (peer, request) => {
    queries.push(request.url);
    peer.on('close', () => rooms.forEach((room) => room.delete(peer)));
    peer.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as TutorialFrame;
      heard.push(frame);
      const { type, room, content } = frame;
      const members = rooms.get(room) ?? new Set();
      if (type === 'join') rooms.set(room, members.add(peer));
      if (type === 'leave') members.delete(peer);
      if (type === 'message')
        for (const one of members)
          one.send(JSON.stringify({ type: 'message', room, content, user: 'somebody' }));
    });
  });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  for (const peer of server.clients) peer.terminate();
  server.close();
  await once(server, 'close');
});

const tutorial: Dialect<'ws'> = defineDialect({
  name: 'tutorial',
  on: 'ws',
  handshake: ({ clientId = '' }) => ({ query: { name: clientId } }),
  join: (room) => ({ type: 'join', room }),
  leave: (room) => ({ type: 'leave', room }),
  publish: ({ channel, event, data }) =>
    event === 'message' ? { type: 'message', room: channel, content: data } : undefined,
  echo: true,
  receive: ({ type, room, content }: TutorialFrame) =>
    type === 'message' ? { channel: room, event: 'message', data: content } : undefined,
});

function client(clientId: string, dialect = tutorial): Realtime {
  const realtime = createRealtime({
    adapter: ws({ url, dialect }),
    clientId,
    reconnectMinMs: 10,
    log: () => {},
  });
  clients.push(realtime);
  return realtime;
}

/** Listens, and waits until it is attached. */
async function listen(realtime: Realtime, name = 'lobby'): Promise<Message[]> {
  const messages: Message[] = [];
  realtime.channel(name).onAny((message) => messages.push(message));
  await realtime.channel(name).attach();
  return messages;
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (RealtimeError.is(error) ? error.code : error),
  );

describe('ws({ dialect })', () => {
  it('joins, publishes and hears, and says who it is in the query', async () => {
    const [ann, bob] = [client('ann'), client('bob')];
    const messages = await listen(bob);
    await listen(ann);
    const receipt = await ann.channel('lobby').publish('message', { text: 'hi' });
    expect(receipt.level).toBe('written');
    await expect.poll(() => messages).toMatchObject([{ event: 'message', data: { text: 'hi' } }]);
    expect(queries).toContain('/chat?name=ann');
    expect(heard).toContainEqual({ type: 'join', room: 'lobby' });
  });

  it('tells a gap after a drop, when it has joined again', async () => {
    const ann = client('ann');
    const messages = await listen(ann);
    const gaps: Gap[] = [];
    ann.channel('lobby').onGap((gap) => gaps.push(gap));
    await expect.poll(() => heard).toHaveLength(1); // nobody has confirmed the join
    for (const peer of server.clients) peer.terminate();
    await expect.poll(() => gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ channel: 'lobby', continuity: 'unknown', recovered: 0 });
    await ann.channel('lobby').publish('message', 'back');
    await expect.poll(() => messages.map(({ data }) => data)).toEqual(['back']);
    expect(heard.filter(({ type }) => type === 'join')).toHaveLength(2);
  });

  it('refuses what the dialect has no words for: history, presence, other events, acks', async () => {
    const room = client('ann').channel('lobby');
    expect(await code(room.history().next())).toBe('unsupported');
    expect(await code(room.presence.enter({}))).toBe('unsupported');
    expect(await code(room.publish('typing', {}))).toBe('unsupported');
    expect(await code(room.publish('message', {}, { ack: 'accepted' }))).toBe('unsupported');
    expect(heard.filter(({ type }) => type === 'message')).toEqual([]);
  });

  it("refuses another transport's dialect, and says what to write", () => {
    const other = defineDialect({ name: 'other', on: 'sse', receive: () => undefined });
    expect(() => ws({ url, dialect: other as unknown as Dialect<'ws'> })).toThrow(
      "dialect 'other' is for sse: write sse({ url, dialect }), or on: 'ws' in the dialect",
    );
  });
});
