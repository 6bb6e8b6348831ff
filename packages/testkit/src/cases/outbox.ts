/** What waits to be sent: the latest of a key, and what an earlier page has left. */
import { memoryStore, persist, type Locks } from '@anywire/core/persist';
import { expect } from 'vitest';
import { dataOf, type ConformanceCase } from '../case.ts';

/** Web Locks of an origin with one page. */
const nobodyElse: Locks = { request: async (name, _options, fn) => fn({ name }) };

export const outboxCases: readonly ConformanceCase[] = [
  {
    title:
      'of 3 publishes of one key that wait, the newest alone is sent, in the place of its call',
    faults: ['refuse'],
    async run({ client, wait, later, listen, fault, heal, until }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const room = ann.channel();
      await wait(room.publish('e', 'first'));
      await heard.count(1);
      await fault('refuse', { client: ann });
      await until(ann.realtime.connection.state, 'reconnecting');
      const at = (position: number) => later(room.publish('e', position, { key: 'cursor' }));
      const replaced = [at(1), at(2)];
      const others = [later(room.publish('e', 'a')), at(3), later(room.publish('e', 'b'))];
      for (const receipt of await wait(Promise.all(replaced)))
        expect(receipt).toMatchObject({ level: 'none', attempts: 0 });
      await heal();
      await wait(Promise.all(others));
      expect(dataOf(await heard.count(4))).toEqual(['first', 'a', 3, 'b']);
    },
  },
  {
    title:
      'what an earlier page has written is sent again by the next one of its user, and delivered once',
    needs: ({ resendAfterReload, idempotencyWindowMs }) =>
      resendAfterReload === true && idempotencyWindowMs > 0,
    faults: ['holdAcks'],
    async run({ client, wait, later, listen, fault, heal }) {
      const heard = await listen(client('bob'));
      const [page, nextPage] = [memoryStore(), memoryStore()];
      const ann = client('ann', { outboxStore: persist(page, { locks: nobodyElse }) });
      await wait(ann.realtime.connection.connect());
      await fault('holdAcks', { client: ann });
      const receipt = later(ann.channel().publish('e', 'once'));
      await heard.count(1);
      await nextPage.write(new Map(await page.read())); // as if the page were gone now
      await heal();
      await wait(receipt);
      const next = client('ann', { outboxStore: persist(nextPage, { locks: nobodyElse }) });
      await wait(next.channel().publish('e', 'next'));
      expect(next.realtime.outbox.entries.get()).toEqual([]);
      expect(dataOf(await heard.count(2))).toEqual(['once', 'next']);
    },
  },
];
