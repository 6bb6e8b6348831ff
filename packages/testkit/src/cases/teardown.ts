/** Everything settles, and what was closed can be opened again. */
import { expect } from 'vitest';
import { dataOf, type ConformanceCase } from '../case.ts';

export const teardownCases: readonly ConformanceCase[] = [
  {
    title: 'close() while everything is under way settles all of it with closed',
    async run({ client, wait, code, capabilities }) {
      const ann = client();
      const room = ann.channel();
      const codes = [
        code(ann.realtime.connection.connect()),
        code(room.attach()),
        code(room.publish('e', 1)),
        code(room.once('e')),
        ...(capabilities.history.support === 'none' ? [] : [code(room.history().next())]),
        ...(capabilities.presence.support === 'none' ? [] : [code(room.presence.enter(1))]),
      ];
      const iterator = room.messages().next();
      await wait(ann.realtime.close());
      expect(new Set(await Promise.all(codes))).toEqual(new Set(['closed']));
      expect(await wait(iterator)).toMatchObject({ done: true });
    },
  },
  {
    title:
      'close() with a publish that is not answered ends within 1 s, and settles all that waits',
    faults: ['holdAcks'],
    async run({ client, wait, listen, fault, code, now }) {
      const ann = client();
      await listen(ann);
      await fault('holdAcks', { client: ann });
      const written = code(ann.channel().publish('e', 1));
      await Promise.resolve();
      const once = code(ann.channel().once('e'));
      const before = now();
      await wait(ann.realtime.close());
      expect(now() - before).toBeLessThan(1_000);
      expect(['outcome_unknown', 'closed']).toContain(await written);
      expect(await once).toBe('closed');
      expect(ann.channel().state.get()).toBe('detached');
    },
  },
  {
    title: 'close() during an outage settles at once, and no try follows',
    faults: ['refuse'],
    async run({ client, wait, fault, until, code }) {
      const ann = client();
      await wait(ann.channel().attach());
      await fault('refuse', { client: ann });
      await until(ann.realtime.connection.state, 'reconnecting');
      const waiting = code(ann.channel().publish('e', 1));
      await wait(ann.realtime.close());
      expect(await waiting).toBe('closed');
    },
  },
  {
    title: 'close({ flushMs }) sends what waits first',
    async run({ client, wait, later, listen }) {
      const heard = await listen(client());
      const ann = client();
      const sent = [1, 2, 3].map((n) => later(ann.channel().publish('e', n)));
      await wait(ann.realtime.close({ flushMs: 4_000 }));
      await wait(Promise.all(sent));
      expect(dataOf(await heard.count(3))).toEqual([1, 2, 3]);
    },
  },
  {
    title: 'after close() and connect() the listener hears again, once',
    async run({ client, wait, listen, until }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(ann);
      await wait(ann.realtime.close());
      expect(ann.channel().state.get()).toBe('detached');
      await wait(ann.realtime.connection.connect());
      await until(ann.channel().state, 'attached');
      await wait(bob.channel().publish('e', 'again'));
      await wait(bob.channel().publish('e', 'end'));
      expect(dataOf(await heard.count(2))).toEqual(['again', 'end']);
    },
  },
  {
    title: 'close() of one of 2 clients leaves the other connected, attached and heard',
    async run({ client, wait, listen }) {
      const [ann, bob] = [client(), client()];
      await listen(ann);
      const heard = await listen(bob);
      const states: string[] = [];
      bob.realtime.connection.state.subscribe((state) => states.push(state));
      await wait(ann.realtime.close());
      await wait(bob.channel().publish('e', 1));
      expect(dataOf(await heard.count(1))).toEqual([1]);
      expect(states).toEqual(['connected']);
      expect(bob.channel().state.get()).toBe('attached');
    },
  },
  {
    title: 'close() of a member of 3 channels is seen as its leave in each of them, at once',
    needs: ({ presence }) => presence.support !== 'none',
    otherChannels: true,
    async run({ client, other, wait, until, now }) {
      const [ann, bob] = [client(), client()];
      const rooms = ['1', '2', '3'].map((n) => bob.realtime.channel(other(n)));
      for (const { name, presence } of rooms) {
        await wait(presence.enter('bob'));
        await wait(ann.realtime.channel(name).presence.enter('ann'));
        await until(presence.members, ({ length }) => length === 2);
      }
      const before = now();
      await wait(ann.realtime.close());
      for (const { presence } of rooms) await until(presence.members, ({ length }) => length === 1);
      expect(now() - before).toBeLessThan(1_000);
    },
  },
];
