/** Dialects over a real `socket.io` server, as tutorials write one. */
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRealtime,
  RealtimeError,
  type Gap,
  type Message,
  type Realtime,
} from '@anywire/core';
import { defineDialect, type Dialect } from '@anywire/core/dialect';
import { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { socketio, type SocketIoOptions } from './index.ts';

interface Said {
  readonly room: string;
  readonly text: unknown;
  readonly from?: string;
}

let http: HttpServer;
let io: Server;
let url: string;
let clients: Realtime[];
let tokens: unknown[];
/** Tokens that the middleware turns away. */
let refused: Set<unknown>;
/** Everything that the server heard. */
let heard: string[];

beforeEach(async () => {
  clients = [];
  tokens = [];
  refused = new Set();
  heard = [];
  http = createServer();
  io = new Server(http, { maxHttpBufferSize: 10_000 });
  io.use((socket, next) => {
    const { token } = socket.handshake.auth as { token?: string };
    tokens.push(token);
    next(refused.has(token) ? new Error('bad token') : undefined);
  });
  io.on('connection', (socket) => {
    socket.onAny((event: string) => heard.push(event));
    socket.on('join_room', (room: string, done: (answer: object) => void) => {
      if (room === 'secret') return done({ error: 'members only' });
      void socket.join(room);
      return done({ ok: true });
    });
    socket.on('send_message', ({ room, text }: Said, done?: (answer: object) => void) => {
      if (text === 'lost') return;
      socket.to(room).emit('new_message', { room, text, from: socket.id });
      done?.({ ok: true });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await io.close();
});

const rooms: Dialect<'socketio'> = defineDialect({
  name: 'rooms',
  on: 'socketio',
  join: (room) => ['join_room', room],
  joined: 'reply',
  publish: ({ channel, data }) => ['send_message', { room: channel, text: data }],
  ack: { level: 'accepted', by: 'reply' },
  echo: false,
  receive: ([event, said]: [string, Said]) =>
    event === 'new_message'
      ? { channel: said.room, event: 'message', data: said.text, connectionId: said.from }
      : undefined,
  answer: ([answer]: [{ error?: string }]) =>
    answer.error ? { refused: 'forbidden', message: answer.error } : undefined,
});

/** The same, and what is sent is not acknowledged. */
const unanswered: Dialect<'socketio'> = defineDialect({
  name: 'unanswered',
  on: 'socketio',
  publish: ({ channel, data }) => ['send_message', { room: channel, text: data }],
  echo: false,
  receive: () => undefined,
});

function client(options: SocketIoOptions = { url }, auth?: () => Promise<string>): Realtime {
  const realtime = createRealtime({
    adapter: socketio({ dialect: rooms, ...options }),
    ...{ reconnectMinMs: 10, timeoutMs: 1_000, log: () => {} },
    ...(auth && { auth }),
  });
  clients.push(realtime);
  return realtime;
}

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

describe.each([['websocket'], ['polling']] as const)(
  'socketio({ dialect }) over %s',
  (transport) => {
    const own = (): SocketIoOptions => ({ url, options: { transports: [transport] } });

    it('joins, publishes with an ack, and hears others and its own local copy', async () => {
      const [ann, bob] = [client(own()), client(own())];
      const [mine, theirs] = [await listen(ann), await listen(bob)];
      const receipt = await ann.channel('lobby').publish('message', 'hi');
      expect(receipt.level).toBe('accepted');
      await expect.poll(() => theirs).toMatchObject([{ event: 'message', data: 'hi' }]);
      expect(mine).toMatchObject([{ id: receipt.id, data: 'hi', local: true }]);
    });

    it('tells a gap after each of 2 drops, and joins again', async () => {
      const ann = client(own());
      const bob = client(own());
      await listen(bob);
      const messages = await listen(ann);
      const gaps: Gap[] = [];
      ann.channel('lobby').onGap((gap) => gaps.push(gap));
      for (const count of [1, 2]) {
        for (const socket of io.sockets.sockets.values()) socket.conn.close();
        await expect.poll(() => gaps).toHaveLength(count);
      }
      await bob.channel('lobby').publish('message', 'back');
      await expect.poll(() => messages.map(({ data }) => data)).toEqual(['back']);
    });

    it('3 events that nobody answers, emitted just before close(), all reach the server', async () => {
      const ann = client({ ...own(), dialect: unanswered });
      const messages = await listen(client(own()));
      await ann.connection.connect();
      const sent = [1, 2, 3].map((n) => ann.channel('lobby').publish('message', n));
      await ann.close({ flushMs: 1_000 });
      expect((await Promise.all(sent)).map(({ level }) => level)).toEqual(Array(3).fill('written'));
      await expect.poll(() => messages.map(({ data }) => data)).toEqual([1, 2, 3]);
      await expect.poll(() => io.engine.clientsCount).toBe(1);
    });
  },
);

describe('socketio({ dialect })', () => {
  it('a join that the server refuses fails with its words, and the connection lives', async () => {
    const ann = client();
    expect(await code(ann.channel('secret').attach())).toBe('forbidden');
    expect(ann.connection.state.get()).toBe('connected');
  });

  it('an ack that is lost is outcome_unknown, and nothing is sent twice', async () => {
    const ann = client();
    expect(await code(ann.channel('lobby').publish('message', 'lost'))).toBe('outcome_unknown');
    expect(heard.filter((event) => event === 'send_message')).toHaveLength(1);
  });

  it('a handshake that is refused is tried again with a new token', async () => {
    refused.add('token-1');
    let asked = 0;
    const ann = client({ url }, async () => `token-${(asked += 1)}`);
    await ann.connection.connect();
    expect(tokens).toEqual(['token-1', 'token-2']);
  });

  it('is back after the server has disconnected it, with a new token', async () => {
    let asked = 0;
    const ann = client({ url }, async () => `token-${(asked += 1)}`);
    await listen(ann);
    io.disconnectSockets(true);
    await expect.poll(() => tokens).toEqual(['token-1', 'token-2']);
    await expect.poll(() => ann.channel('lobby').state.get()).toBe('attached');
  });

  it('what is over the bound of the server is refused before it is sent', async () => {
    const ann = client();
    await listen(ann);
    expect(await code(ann.channel('lobby').publish('message', 'x'.repeat(11_000)))).toBe(
      'payload_too_large',
    );
    expect(ann.connection.state.get()).toBe('connected');
    expect(heard).not.toContain('send_message');
  });

  it("what is published offline goes after the join, on the app's own socket, which stays the app's", async () => {
    const socket = connect(url, { autoConnect: false, reconnectionDelay: 10 });
    const ann = client({ socket });
    const receipt = ann.channel('lobby').publish('message', 'early');
    expect(socket.sendBuffer).toHaveLength(0);
    socket.connect();
    expect((await receipt).level).toBe('accepted');
    expect(heard).toEqual(['join_room', 'send_message']);
    await ann.close();
    expect(socket.connected).toBe(true);
    socket.disconnect();
  });
});
