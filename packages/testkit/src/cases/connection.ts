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
      expect(connection.id ?? 'unnamed').toEqual(expect.stringMatching(/./));
      expect(connection.clientId).toBe(clientId);
    },
  },
  {
    title:
      'attach() of 3 channels in one tick: each resolves when its data flow, seen as attaching, attached',
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
];
