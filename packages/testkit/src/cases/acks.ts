/** What a receipt proves, and what is true when none comes. */
import type { AckLevel } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

const levels: readonly AckLevel[] = ['none', 'written', 'accepted', 'stored'];

export const ackCases: readonly ConformanceCase[] = [
  {
    title: 'a demand for a level up to the declared one is met',
    async run({ client, wait, capabilities }) {
      const room = client().channel();
      for (const ack of levels.slice(0, levels.indexOf(capabilities.ack) + 1)) {
        const { level } = await wait(room.publish('e', 1, { ack }));
        expect(levels.indexOf(level)).toBeGreaterThanOrEqual(levels.indexOf(ack));
      }
    },
  },
  {
    title: 'a demand for a level above the declared one is unsupported, and nothing is sent',
    needs: ({ ack }) => ack !== 'stored',
    async run({ client, wait, listen, code, capabilities }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      for (const ack of levels.slice(levels.indexOf(capabilities.ack) + 1))
        expect(await code(ann.channel().publish('e', 1, { ack }))).toBe('unsupported');
      await wait(ann.channel().publish('e', 'sent'));
      expect(dataOf(await heard.count(1))).toEqual(['sent']);
    },
  },
  {
    title: 'a publish whose ack was lost is sent again and delivered once',
    needs: ({ idempotencyWindowMs }) => idempotencyWindowMs > 0,
    faults: ['holdAcks', 'drop'],
    async run({ client, wait, later, listen, fault, heal }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(ann.realtime.connection.connect());
      await fault('holdAcks', { client: ann });
      const receipt = later(ann.channel().publish('e', 'lost ack'));
      await heard.count(1);
      await fault('drop', { client: ann });
      await heal();
      expect((await wait(receipt)).attempts).toBe(2);
      await wait(ann.channel().publish('e', 'next'));
      expect(dataOf(await heard.count(2))).toEqual(['lost ack', 'next']);
    },
  },
  {
    title: 'where a resend could be delivered twice, a lost ack is outcome_unknown',
    needs: ({ idempotencyWindowMs, ack }) => idempotencyWindowMs === 0 && ack !== 'written',
    faults: ['holdAcks', 'drop'],
    async run({ client, listen, fault, heal, code, wait }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(ann.channel().attach()); // where a publish needs it, its answer would be held, too
      await fault('holdAcks', { client: ann });
      const outcome = code(ann.channel().publish('e', 1));
      await heard.count(1);
      await fault('drop', { client: ann });
      await heal();
      expect(await outcome).toBe('outcome_unknown');
    },
  },
  {
    title: '5 publishes whose acks come 300 ms late resolve, are sent once, and arrive in order',
    needs: ({ order }) => order !== 'none',
    faults: ['delayAcks'],
    async run({ client, wait, fault, listen }) {
      const ann = client();
      const heard = await listen(client());
      await wait(ann.realtime.connection.connect());
      await fault('delayAcks', { client: ann, count: 300 });
      const receipts = await wait(Promise.all(upTo(5).map((n) => ann.channel().publish('e', n))));
      expect(receipts.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1]);
      expect(dataOf(await heard.count(5))).toEqual(upTo(5));
    },
  },
  {
    title:
      '2 acks that never come on a connection that lives: outcome_unknown; the next publish works',
    needs: ({ ack }) => ack !== 'written',
    faults: ['loseAcks'],
    async run({ client, wait, fault, code }) {
      const ann = client();
      await wait(ann.realtime.connection.connect());
      const states: string[] = [];
      ann.realtime.connection.state.subscribe((state) => states.push(state));
      await fault('loseAcks', { client: ann, count: 2 });
      for (const n of upTo(2))
        expect(await code(ann.channel().publish('e', n))).toBe('outcome_unknown');
      expect((await wait(ann.channel().publish('e', 3))).attempts).toBe(1);
      expect(states).toEqual(['connected']);
    },
  },
  {
    title: 'an abort while the ack is awaited rejects with aborted, and the connection goes on',
    faults: ['holdAcks'],
    needs: ({ ack }) => ack !== 'written',
    async run({ client, wait, fault, heal, code, listen }) {
      const ann = client();
      const heard = await listen(client());
      await wait(ann.channel().attach()); // where a publish needs it, its answer would be held, too
      const states: string[] = [];
      ann.realtime.connection.state.subscribe((state) => states.push(state));
      await fault('holdAcks', { client: ann });
      const abort = new AbortController();
      const aborted = code(ann.channel().publish('e', 1, { signal: abort.signal }));
      await heard.count(1);
      abort.abort();
      expect(await aborted).toBe('aborted');
      await heal();
      await wait(ann.channel().publish('e', 2));
      expect(dataOf(await heard.count(2))).toEqual([1, 2]);
      expect(states).toEqual(['connected']);
    },
  },
];
