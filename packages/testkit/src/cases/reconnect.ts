/** What breaks, and how a client comes back. What may be missing afterwards is in continuity.ts. */
import type { ChannelState, ConnectionState } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

export const reconnectCases: readonly ConformanceCase[] = [
  {
    title: 'a drop is seen as reconnecting and attaching, then as connected and attached again',
    faults: ['drop'],
    async run({ client, fault, until, listen, wait }) {
      const ann = client();
      const heard = await listen(ann);
      const { connection } = ann.realtime;
      const connections: ConnectionState[] = [];
      const channels: ChannelState[] = [];
      connection.state.subscribe((state) => connections.push(state));
      ann.channel().state.subscribe((state) => channels.push(state));
      await fault('drop', { client: ann });
      await until(connection.state, 'reconnecting');
      expect(connection.error?.code).toBe('connection_failed');
      await until(ann.channel().state, 'attached');
      expect(connections).toEqual(['connected', 'reconnecting', 'connected']);
      expect(channels).toEqual(['attached', 'attaching', 'attached']);
      await wait(client().channel().publish('e', 1));
      await heard.count(1);
    },
  },
  {
    title:
      'a connection that breaks after 1, 2, … 8 frames: all of 3 messages are heard, or a gap is',
    faults: ['dropAfter'],
    otherChannels: true,
    async run({ client, other, wait, fault, heal, collect }) {
      const [ann, bob] = [client(), client()];
      await wait(ann.realtime.connection.connect());
      for (const count of upTo(8)) {
        const room = bob.realtime.channel(other(`frame-${count}`));
        const heard = collect<unknown>('messages and gaps');
        room.on('e', heard.add);
        room.onGap(() => heard.add('gap'));
        await fault('dropAfter', { client: bob, count });
        await wait(room.attach());
        for (const n of upTo(3)) await wait(ann.realtime.channel(room.name).publish('e', n));
        await heard.until('the last one, or a gap', (items) =>
          items.some((item) => item === 3 || item === 'gap'),
        );
        await heal();
        const messages = heard.items.filter((item) => item !== 'gap');
        if (messages.length === heard.items.length) expect(messages).toEqual([1, 2, 3]);
        expect(messages).toEqual([...new Set(messages)]);
      }
    },
  },
  {
    title: 'a connection that is half-open is found by its silence, and replaced',
    faults: ['halfOpen'],
    async run({ client, fault, heal, until, listen, wait }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await fault('halfOpen', { client: bob });
      await until(bob.realtime.connection.state, 'reconnecting');
      await heal();
      await until(bob.channel().state, 'attached');
      await wait(ann.channel().publish('e', 1));
      await heard.count(1);
    },
  },
  {
    title: 'a try to connect that is never answered is given up, and the next one works',
    faults: ['halfOpen'],
    async run({ client, fault, heal, until, wait, later }) {
      const ann = client();
      await fault('halfOpen', { client: ann });
      const connected = later(ann.realtime.connection.connect());
      await until(ann.realtime.connection.state, 'reconnecting');
      await heal();
      await wait(connected);
      await wait(ann.channel().publish('e', 1));
    },
  },
  {
    title:
      'after a sleep of 2 hours, in which its token has died, a client is back and hears again',
    credentials: true,
    faults: ['sleep'],
    async run({ client, fault, until, listen, wait }) {
      const ann = client('ann', { ttlMs: 3_600_000 });
      const heard = await listen(ann);
      await fault('sleep', { client: ann, count: 7_200_000 });
      await until(ann.realtime.connection.state, 'reconnecting');
      await until(ann.channel().state, 'attached');
      expect(ann.asked.items.length).toBeGreaterThan(1);
      await wait(client('bob').channel().publish('e', 1));
      await heard.count(1);
      ann.errors.splice(0); // it may be told that the refresh came too late
    },
  },
  {
    title: 'a channel that the service ends is attached again, and the other one does not notice',
    faults: ['endChannel'],
    otherChannels: true,
    async run({ client, other, wait, fault, comeBack, listen, collect }) {
      const [ann, bob] = [client(), client()];
      const room = bob.channel();
      const errors = collect<string>('errors');
      room.onError(({ code }) => errors.add(code));
      const heard = await listen(bob);
      const second = bob.realtime.channel(other('second'));
      const undisturbed = await listen(bob, second);
      const states: ChannelState[] = [];
      second.state.subscribe((state) => states.push(state));
      await comeBack([room], () => fault('endChannel'));
      await wait(ann.channel().publish('e', 1));
      await wait(ann.realtime.channel(second.name).publish('e', 2));
      expect(dataOf(await heard.count(1))).toEqual([1]);
      expect(dataOf(await undisturbed.count(1))).toEqual([2]);
      expect(errors.items).toHaveLength(1);
      expect(states).toEqual(['attached']);
    },
  },
  {
    title: '30 channels mounted in one tick, and again after a drop: each hears its own message',
    needs: ({ limits }) => limits.attach === undefined, // there they wait their turn
    faults: ['drop'],
    otherChannels: true,
    async run({ client, other, wait, fault, comeBack, collect }) {
      const [ann, bob] = [client(), client()];
      await wait(ann.realtime.connection.connect());
      const names = upTo(30).map((n) => other(`storm-${n}`));
      const rooms = names.map((channel) => bob.realtime.channel(channel));
      const heard = collect<readonly [string, unknown]>('messages');
      for (const room of rooms) room.on('e', (data, { channel }) => heard.add([channel, data]));
      await wait(Promise.all(rooms.map((room) => room.attach())));
      for (const round of upTo(2)) {
        await wait(
          Promise.all(names.map((channel) => ann.realtime.channel(channel).publish('e', round))),
        );
        const messages = (await heard.count(round * 30)).slice(-30);
        expect(new Map(messages)).toEqual(new Map(names.map((channel) => [channel, round])));
        if (round === 1) await comeBack(rooms, () => fault('drop', { client: bob }));
      }
    },
  },
];
