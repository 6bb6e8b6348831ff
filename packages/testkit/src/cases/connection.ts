/** When a connection and an attachment come and go, as an app sees it. */
import type { ChannelState, ConnectionState } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

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
      expect(connection.id ?? 'unnamed').toEqual(expect.stringMatching(/./));
      expect(connection.clientId).toBe(clientId);
    },
  },
  {
    title:
      'attach() of 3 channels in one tick: each resolves when its data flow, seen as attaching, attached',
    otherChannels: true,
    async run({ client, name, other, wait, collect }) {
      const [ann, bob] = [client(), client()];
      await wait(bob.realtime.connection.connect());
      const names = [name, other('second'), other('third')];
      const states: ChannelState[] = [];
      ann.channel().state.subscribe((state) => states.push(state));
      const attached = names.map(async (channel) => {
        const heard = collect<unknown>('messages');
        ann.realtime.channel(channel).on('e', heard.add);
        await wait(ann.realtime.channel(channel).attach());
        await wait(bob.realtime.channel(channel).publish('e', channel));
        expect(await heard.count(1)).toEqual([channel]);
      });
      await Promise.all(attached);
      expect(states).toEqual(['idle', 'attaching', 'attached']);
      expect(ann.channel().error).toBeUndefined();
    },
  },
  {
    title: 'after detach() nothing is delivered, until it is attached again',
    // Where nobody confirms an attach, what was on its way before it may come after it.
    needs: ({ attach }) => attach === 'confirmed',
    async run({ client, listen, wait, until, collect }) {
      const [ann, bob, cat] = [client(), client(), client()];
      const heard = collect<unknown>('messages');
      const room = ann.channel();
      const off = room.on('e', heard.add);
      const control = await listen(cat); // a sender's own copy would prove nothing of the backend
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
    title: 'detaching one of 2 channels leaves the other, and its connection, as they are',
    otherChannels: true,
    async run({ client, other, wait, listen }) {
      const [ann, bob] = [client(), client()];
      const first = ann.realtime.channel(other('first'));
      await wait(first.attach());
      const heard = await listen(ann);
      const states: ConnectionState[] = [];
      ann.realtime.connection.state.subscribe((state) => states.push(state));
      await wait(first.detach());
      await wait(bob.channel().publish('e', 1));
      expect(dataOf(await heard.count(1))).toEqual([1]);
      expect(states).toEqual(['connected']);
    },
  },
  {
    title: 'a channel that is detached and attached 10 times in a row hears each message once',
    async run({ client, until, wait, collect }) {
      const [ann, bob] = [client(undefined, { lingerMs: 0 }), client()];
      await wait(Promise.all([ann, bob].map(({ realtime }) => realtime.connection.connect())));
      const room = ann.channel();
      const heard = collect<unknown>('messages');
      for (let mounts = 0; mounts < 10; mounts += 1) {
        const off = room.on('e', heard.add);
        if (mounts % 2 === 0) await Promise.resolve(); // the attach is on its way
        if (mounts % 4 === 0) await until(room.state, 'attached');
        off();
      }
      room.on('e', heard.add);
      await until(room.state, 'attached');
      for (const n of upTo(3)) await wait(bob.channel().publish('e', n));
      expect(await heard.count(3)).toEqual(upTo(3));
    },
  },
];
