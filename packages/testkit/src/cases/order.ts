/** In which order messages arrive. */
import type { Serial } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

export const orderCases: readonly ConformanceCase[] = [
  {
    title: '50 publishes of one sender arrive in order at two receivers',
    needs: ({ order }) => order !== 'none',
    async run({ client, wait, listen }) {
      const [ann, bob, cat] = [client(), client(), client()];
      const heard = [await listen(bob), await listen(cat)];
      await wait(Promise.all(upTo(50).map((n) => ann.channel().publish('e', n))));
      for (const messages of heard) expect(dataOf(await messages.count(50))).toEqual(upTo(50));
    },
  },
  {
    title: 'two senders at once: each one in its order, and all receivers see one total order',
    needs: ({ order }) => order === 'serial',
    async run({ client, wait, listen }) {
      const [ann, bob, cat, dan] = [client(), client(), client(), client()];
      const heard = [await listen(cat), await listen(dan)];
      const sent = upTo(20).flatMap((n) => [
        ann.channel().publish('a', n),
        bob.channel().publish('b', n),
      ]);
      await wait(Promise.all(sent));
      const [first, ...others] = await Promise.all(heard.map((messages) => messages.count(40)));
      for (const event of ['a', 'b'])
        expect(dataOf(first?.filter((message) => message.event === event) ?? [])).toEqual(upTo(20));
      const serials = first?.map(({ serial }) => serial as Serial) ?? [];
      expect(serials.every((serial, n) => n === 0 || serial > (serials[n - 1] as Serial))).toBe(
        true,
      );
      for (const other of others) expect(other.map(({ serial }) => serial)).toEqual(serials);
    },
  },
  {
    title: 'the serial of a receipt is the serial of the message',
    needs: ({ ack }) => ack === 'stored',
    async run({ client, wait, listen }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(bob.channel().publish('e', 0));
      const receipt = await wait(ann.channel().publish('e', 1));
      const [, message] = await heard.count(2);
      expect(message).toMatchObject({ id: receipt.id, serial: receipt.serial });
      expect(receipt.timestamp ?? message?.timestamp).toBe(message?.timestamp);
    },
  },
  {
    title: 'two messages that overtake each other are both heard, once',
    needs: ({ order }) => order !== 'serial',
    faults: ['reorder'],
    async run({ client, wait, fault, listen }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(client());
      await wait(bob.channel().publish('e', 'b0'));
      await heard.count(1);
      await fault('reorder');
      await wait(ann.channel().publish('e', 'a1'));
      await wait(bob.channel().publish('e', 'b1'));
      await wait(ann.channel().publish('e', 'a2'));
      expect(dataOf(await heard.count(4)).sort()).toEqual(['a1', 'a2', 'b0', 'b1']);
    },
  },
];
