/** Nothing is delivered twice. */
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

export const duplicateCases: readonly ConformanceCase[] = [
  {
    title: 'a message that the backend delivers twice is heard once',
    faults: ['duplicate'],
    async run({ client, wait, listen, fault }) {
      const ann = client();
      const heard = await listen(client());
      await fault('duplicate');
      for (const n of upTo(3)) await wait(ann.channel().publish('e', n));
      expect(dataOf(await heard.count(3))).toEqual([1, 2, 3]);
    },
  },
  {
    title: '6 publishes during 3 drops of their sender are each heard once, in order',
    needs: ({ idempotencyWindowMs, order }) => idempotencyWindowMs > 0 && order !== 'none',
    faults: ['drop'],
    async run({ client, wait, later, listen, fault }) {
      const ann = client();
      const heard = await listen(client());
      const sent: Promise<unknown>[] = [];
      await wait(ann.realtime.connection.connect());
      for (const n of upTo(6)) {
        sent.push(later(ann.channel().publish('e', n)));
        await Promise.resolve(); // it is on its way
        if (n % 2 === 0) await fault('drop', { client: ann });
      }
      await wait(Promise.all(sent));
      await wait(ann.channel().publish('e', 'end'));
      expect(dataOf(await heard.count(7))).toEqual([...upTo(6), 'end']);
    },
  },
  {
    title: 'the same event with the same data, published 3 times, is heard 3 times',
    async run({ client, wait, listen }) {
      const ann = client();
      const heard = await listen(client());
      for (let times = 0; times < 3; times += 1) await wait(ann.channel().publish('e', 'same'));
      expect(dataOf(await heard.count(3))).toEqual(['same', 'same', 'same']);
    },
  },
];
