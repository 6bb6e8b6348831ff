/** When a connection and an attachment come and go, as an app sees it. */
import type { ChannelState, ConnectionState } from '@anywire/core';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';

export const connectionCases: readonly ConformanceCase[] = [
  {
    title: 'stays idle until the first operation, then goes through connecting to connected',
    async run({ client, until }) {
      const { realtime, channel } = client();
      const states: ConnectionState[] = [];
      realtime.connection.state.subscribe((state) => states.push(state));
      const room = channel();
      expect([realtime.connection.state.get(), room.state.get()]).toEqual(['idle', 'idle']);
      room.on('e', () => {});
      await until(room.state, 'attached');
      expect(states).toEqual(['idle', 'connecting', 'connected']);
    },
  },
  {
    title: 'connect() resolves once connected, a second time as well, and knows id and client id',
    async run({ client, wait }) {
      const { realtime, clientId } = client();
      const { connection } = realtime;
      await wait(connection.connect());
      await wait(connection.connect());
      expect(connection.state.get()).toBe('connected');
      expect(connection.error).toBeUndefined();
      expect(connection.id).toEqual(expect.any(String));
      expect(connection.clientId).toBe(clientId);
    },
  },
  {
    title: 'connect() ends with aborted when its signal fires, and the connection goes on',
    async run({ client, code, until }) {
      const { realtime } = client();
      const abort = new AbortController();
      const waiting = code(realtime.connection.connect({ signal: abort.signal }));
      abort.abort();
      expect(await waiting).toBe('aborted');
      await until(realtime.connection.state, 'connected');
    },
  },
  {
    title: 'attach() resolves when data flows, after the states idle, attaching and attached',
    async run({ client, wait }) {
      const room = client().channel();
      const states: ChannelState[] = [];
      room.state.subscribe((state) => states.push(state));
      await wait(room.attach());
      await wait(room.attach());
      expect(states).toEqual(['idle', 'attaching', 'attached']);
      expect(room.error).toBeUndefined();
    },
  },
  {
    title: 'after detach() nothing is delivered, until it is attached again',
    async run({ client, listen, wait, until, collect }) {
      const [ann, bob] = [client(), client()];
      const heard = collect<unknown>('messages');
      const room = ann.channel();
      const off = room.on('e', heard.add);
      const control = await listen(bob);
      await wait(room.attach());
      off();
      await wait(room.detach());
      await until(room.state, (state) => state !== 'attached');
      await wait(bob.channel().publish('e', 'unheard'));
      await control.count(1);
      room.on('e', heard.add);
      await wait(room.attach());
      await wait(bob.channel().publish('e', 'heard'));
      expect(await heard.count(1)).toEqual(['heard']);
    },
  },
  {
    title: 'detach() keeps the attachment that a listener still uses',
    async run({ client, wait, listen }) {
      const ann = client();
      const messages = await listen(ann);
      const room = ann.channel();
      await wait(room.detach());
      expect(room.state.get()).toBe('attached');
      await wait(client().channel().publish('e', 1));
      await messages.count(1);
    },
  },
  {
    title: 'an unused channel detaches by itself after its linger, and not before',
    async run({ client, until }) {
      const room = client(undefined, { lingerMs: 40 }).channel();
      const off = room.on('e', () => {});
      await until(room.state, 'attached');
      off();
      expect(room.state.get()).toBe('attached');
      await until(room.state, 'detached');
    },
  },
  {
    title: 'a listener that comes back within the linger finds the channel attached all the time',
    async run({ client, until, wait, collect }) {
      const ann = client(undefined, { lingerMs: 60_000 });
      const room = ann.channel();
      const states: ChannelState[] = [];
      const off = room.on('e', () => {});
      await until(room.state, 'attached');
      off();
      room.state.subscribe((state) => states.push(state));
      const heard = collect<unknown>('messages');
      for (let mounts = 0; mounts < 5; mounts += 1) room.on('e', heard.add)();
      room.on('e', heard.add);
      await wait(client().channel().publish('e', 'once'));
      expect(await heard.count(1)).toEqual(['once']);
      expect(states).toEqual(['attached']);
    },
  },
];
