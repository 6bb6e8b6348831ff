/** What messages pass between the app and the wire: schemas and interceptors. */
import type { Channels, Message, Page, StandardSchema } from '@anywire/core';
import { intercept, type Interceptor } from '@anywire/core/intercept';
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

/** `{ text: string }`, without a library. */
const text: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'anywire',
    validate: (value) =>
      typeof (value as { text?: unknown } | null)?.text === 'string'
        ? { value }
        : { issues: [{ path: ['text'], message: 'no text' }] },
  },
};

const checked = (history: boolean): Channels => ({
  'conformance:{id}': { events: { checked: text }, history },
});

/** Adds its name to data that are text. The earlier of two messages is ready later. */
const signing = (name: string): Interceptor => {
  let left = 20;
  const sign = async <Item extends { readonly data: unknown }>(item: Item): Promise<Item> => {
    for (let turns = left--; turns > 0; turns--) await Promise.resolve();
    return { ...item, data: `${String(item.data)} ${name}` };
  };
  return { outbound: sign, inbound: sign };
};

export const pipelineCases: readonly ConformanceCase[] = [
  {
    title: 'interceptors are passed in order on the way out and in reverse on the way in',
    needs: ({ order }) => order !== 'none',
    async run({ client, wait, listen, capabilities }) {
      const clients = ['ann', 'bob'].map((clientId) =>
        client(clientId, { interceptors: intercept(signing('a'), signing('b')) }),
      );
      const [ann, bob] = clients as [(typeof clients)[0], (typeof clients)[0]];
      const heard = await listen(bob);
      await wait(Promise.all(upTo(8).map((n) => ann.channel().publish('e', `signed ${n}`))));
      const expected = upTo(8).map((n) => `signed ${n} a b b a`);
      expect(dataOf(await heard.count(8))).toEqual(expected);
      if (capabilities.history.support === 'none') return;
      const page = (await wait(bob.channel().history().next())).value as Page;
      expect(dataOf(page.items)).toEqual(expected.reverse());
    },
  },
  {
    title: 'data that a schema refuses reject as invalid before the wire; others arrive unchanged',
    async run({ client, wait, listen, code, capabilities }) {
      const channels = checked(capabilities.history.support !== 'none');
      const [ann, bob] = [client('ann', { channels }), client()];
      const heard = await listen(bob);
      const good = { text: 'good', more: [1] };
      for (const bad of [{ text: 5 }, {}, null, 'text'])
        expect(await code(ann.channel().publish('checked', bad))).toBe('invalid');
      await wait(ann.channel().publish('checked', good));
      expect(dataOf(await heard.count(1))).toEqual([good]);
    },
  },
  {
    title: 'data that come in and that a schema refuses are reported and left out, live and read',
    async run({ client, wait, collect, capabilities }) {
      const hasHistory = capabilities.history.support !== 'none';
      const [ann, bob] = [client(), client('bob', { channels: checked(hasHistory) })];
      const room = bob.channel();
      const heard = collect<Message>('messages');
      const errors = collect<string>('errors');
      room.onError((error) => errors.add(error.code));
      room.onAny(heard.add);
      await wait(room.attach());
      for (const value of ['one', 5, 'two'])
        await wait(ann.channel().publish('checked', { text: value }));
      const good = [{ text: 'one' }, { text: 'two' }];
      expect(dataOf(await heard.count(2))).toEqual(good);
      expect(await errors.count(1)).toEqual(['invalid']);
      if (!hasHistory) return;
      const page = (await wait(room.history().next())).value as Page;
      expect(dataOf(page.items)).toEqual(good.reverse());
      expect(errors.items).toEqual(['invalid', 'invalid']);
    },
  },
];
