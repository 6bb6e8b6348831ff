/** Dialects on their real servers: a message to a vendor's client and one back, a refusal, a restart. @see inboxes.test.ts */
import { sse } from '@anywire/adapter-sse';
import { socketio } from '@anywire/adapter-socketio';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Adapter } from '@anywire/core';
import { expect, onTestFinished, test } from 'vitest';
import { startServer, type RunningServer, type ServerName } from '../servers.ts';
import { eventStream, post, rawWs, socketIo } from '../test/vendor-clients.ts';
import { apiGateway } from './api-gateway.ts';
import { oneRoom } from './one-room.ts';
import { rawWs as rawWsDialect } from './raw-ws.ts';
import { roomEvents } from './room-events.ts';
import { statsSse } from './stats-sse.ts';
import { tutorialRooms } from './tutorial-rooms.ts';

/** A vendor's page in the same channel: what it says arrives as `heard`, and it hears what we say. */
interface Vendor {
  say(): unknown;
  heard(): Promise<unknown>;
}

interface Case {
  readonly server: ServerName;
  readonly adapter: (url: string) => Adapter;
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  readonly level: string;
  readonly vendor: (url: string) => Promise<Vendor>;
  /** What our listener gets of what the vendor says. */
  readonly hears: unknown;
  /** What the vendor gets of what we say. */
  readonly told: unknown;
  /** An event that the server passes on without a word to its sender. */
  readonly unconfirmed?: readonly [event: string, data: unknown];
  /** An event that the server has no frame for. */
  readonly refused?: string;
}

const message = { text: 'hi', name: 'Ann' };
const fromBob = { text: 'from bob', name: 'bob' };
const room = { channel: 'room:general', event: 'message', data: message, refused: 'sent' };

const cases: readonly Case[] = [
  {
    ...room,
    server: 'tutorial-rooms',
    adapter: (url) => socketio({ url, dialect: tutorialRooms }),
    level: 'accepted',
    unconfirmed: ['typing', { on: true }],
    async vendor(url) {
      const bob = await socketIo(url);
      bob.socket.emit('join_room', { room: 'general', username: 'bob' });
      await bob.heard('message_history');
      const said = { room: 'general', username: 'bob', message: 'from bob' };
      return {
        say: () => bob.socket.emit('send_message', said),
        heard: () => bob.heard('new_message'),
      };
    },
    hears: fromBob,
    told: { username: 'Ann', message: 'hi' },
  },
  {
    ...room,
    server: 'room-events',
    adapter: (url) => socketio({ url, dialect: roomEvents({ url }) }),
    level: 'stored',
    unconfirmed: ['typing', { on: true }],
    async vendor(url) {
      const bob = await socketIo(url, { auth: { userId: 'bob' } });
      await bob.socket.emitWithAck('room:join', { room: 'general' });
      return {
        say: () => bob.socket.emit('message:send', { room: 'general', text: 'from bob' }),
        heard: () => bob.heard('message:new'),
      };
    },
    hears: fromBob,
    told: { userId: 'ann', text: 'hi' },
  },
  {
    ...room,
    server: 'raw-ws',
    adapter: (url) => ws({ url, dialect: rawWsDialect }),
    level: 'written',
    async vendor(url) {
      const bob = await rawWs(url);
      bob.send({ type: 'join', room: 'general' });
      await bob.next();
      const said = { type: 'message', room: 'general', content: 'from bob', username: 'bob' };
      return { say: () => bob.send(said), heard: () => bob.next() };
    },
    hears: fromBob,
    told: { content: 'hi', username: 'Ann' },
  },
  {
    server: 'stats-sse',
    adapter: (url) => sse({ url: `${url}/events`, dialect: statsSse }),
    channel: 'stats',
    event: 'stats',
    data: { visitors: 1 },
    level: 'accepted',
    async vendor(url) {
      const stream = await eventStream(`${url}/events`);
      await stream.next();
      return {
        say: () => post(`${url}/stats`, { data: { visitors: 2 } }),
        heard: () => stream.next(),
      };
    },
    hears: { visitors: 2 },
    told: { type: 'stats', data: { visitors: 1 } },
    refused: 'message',
  },
  {
    server: 'api-gateway',
    adapter: (url) => ws({ url, dialect: apiGateway }),
    channel: 'lobby',
    event: 'message',
    data: message,
    level: 'accepted',
    async vendor(url) {
      const bob = await rawWs(url);
      return {
        say: () => bob.send({ action: 'sendmessage', data: 'from bob' }),
        heard: () => bob.next(),
      };
    },
    hears: { text: 'from bob' },
    told: { event: 'message', data: message },
  },
  {
    ...room,
    server: 'one-room',
    adapter: (url) => socketio({ url, dialect: oneRoom }),
    level: 'written',
    async vendor(url) {
      const bob = await socketIo(url);
      bob.socket.emit('join-room', 'general', 'bob');
      await bob.heard('room-users');
      return {
        say: () => bob.socket.emit('chat-message', 'from bob'),
        heard: () => bob.heard('chat-message'),
      };
    },
    hears: fromBob,
    told: { name: 'ann', message: 'hi' },
  },
];

for (const one of cases)
  test(`${one.server}: a message each way, a refusal of what it cannot say, and a gap that is told`, async () => {
    let server: RunningServer = await startServer(one.server);
    onTestFinished(() => server.close());
    const realtime = createRealtime({ adapter: one.adapter(server.url), clientId: 'ann' });
    onTestFinished(() => realtime.close());
    const channel = realtime.channel(one.channel);
    const heard: unknown[] = [];
    const arrived = new Promise<void>((resolve) =>
      channel.on(one.event, (data) => {
        heard.push(data);
        if (JSON.stringify(data) === JSON.stringify(one.hears)) resolve();
      }),
    );
    const gap = new Promise((resolve) => channel.onGap(({ continuity }) => resolve(continuity)));
    await channel.attach();
    const bob = await one.vendor(server.url);
    const { level } = await channel.publish(one.event, one.data);
    expect(level).toBe(one.level);
    if (one.unconfirmed)
      expect(await channel.publish(...one.unconfirmed)).toMatchObject({ level: 'written' });
    expect(await bob.heard()).toMatchObject(one.told as object);
    await bob.say();
    await arrived;
    expect(heard.filter((data) => JSON.stringify(data) === JSON.stringify(one.hears))).toHaveLength(
      1,
    );
    if (one.refused !== undefined)
      await expect(channel.publish(one.refused, {})).rejects.toMatchObject({ code: 'unsupported' });

    const port = Number(new URL(server.url).port);
    await server.close();
    server = await startServer(one.server, { port });
    expect(['unknown', 'lost']).toContain(await gap);
    expect(channel.state.get()).toBe('attached');
  }, 15_000);
