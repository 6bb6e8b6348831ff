/** What a publish promises, from the call to its receipt. */
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

export const publishCases: readonly ConformanceCase[] = [
  {
    title: 'a receipt has an id, the declared level, and a serial where the level is stored',
    async run({ client, wait, capabilities }) {
      const ann = client();
      const first = await wait(ann.channel().publish('e', 1));
      const second = await wait(ann.channel().publish('e', 2));
      expect(first).toMatchObject({ level: capabilities.ack, attempts: 1 });
      expect(first.id).toMatch(/^[^:]+:\d+$/);
      expect(second.id).not.toBe(first.id);
      expect(first.serial !== undefined).toBe(capabilities.ack === 'stored');
    },
  },
  {
    title: 'every kind of JSON value arrives as it was sent',
    async run({ client, wait, listen }) {
      const values: unknown[] = [
        null, true, false, 0, -1.5, 1e21, 2 ** 53 - 1, '', '123', '{"a":1}', 'null', 'ünï\u2028"\\\n', '👩‍👩‍👧', [], {},
        [[1, [2]], { a: { b: [null] } }], JSON.parse('{"__proto__":{"x":1},"constructor":2}'),
      ]; // prettier-ignore
      const ann = client();
      const heard = await listen(client());
      await wait(Promise.all(values.map((value) => ann.channel().publish('e', value))));
      expect(dataOf(await heard.count(values.length))).toEqual(values);
      expect(Object.keys(heard.items.at(-1)?.data as object)).toContain('__proto__');
    },
  },
  {
    title: '10 publishes before there is a connection are sent in order once there is one',
    async run({ client, wait, listen }) {
      const heard = await listen(client());
      const ann = client();
      const receipts = await wait(Promise.all(upTo(10).map((n) => ann.channel().publish('e', n))));
      expect(receipts.every(({ attempts }) => attempts === 1)).toBe(true);
      expect(dataOf(await heard.count(10))).toEqual(upTo(10));
    },
  },
  {
    title: '5 publishes while offline wait in the outbox, and are sent in order afterwards',
    faults: ['refuse'],
    async run({ client, wait, later, listen, fault, heal, until }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const room = ann.channel();
      await wait(room.publish('e', 0));
      await heard.count(1); // what was only written goes with the connection
      await fault('refuse', { client: ann });
      await until(ann.realtime.connection.state, 'reconnecting');
      const receipts = upTo(5).map((n) => later(room.publish('e', n)));
      const waiting = ann.realtime.outbox.entries.get();
      expect(waiting.map(({ data, state }) => [data, state])).toEqual(
        upTo(5).map((n) => [n, 'waiting']),
      );
      await heal();
      await wait(Promise.all(receipts));
      expect(dataOf(await heard.count(6))).toEqual([0, ...upTo(5)]);
      expect(ann.realtime.outbox.entries.get()).toEqual([]);
    },
  },
  {
    title: 'an aborted publish rejects at once; one that was not sent never arrives',
    faults: ['refuse'],
    async run({ client, wait, later, listen, fault, heal, until, code }) {
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      const room = ann.channel();
      await wait(room.publish('e', 'before'));
      await heard.count(1);
      expect(await code(room.publish('e', 'never', { signal: AbortSignal.abort() }))).toBe(
        'aborted',
      );
      await fault('refuse', { client: ann });
      await until(ann.realtime.connection.state, 'reconnecting');
      const abort = new AbortController();
      const aborted = code(room.publish('e', 'aborted', { signal: abort.signal }));
      const after = later(room.publish('e', 'after'));
      abort.abort();
      expect(await aborted).toBe('aborted');
      await heal();
      await wait(after);
      expect(dataOf(await heard.count(2))).toEqual(['before', 'after']);
    },
  },
  {
    title: 'a volatile publish on a connection proves nothing, and is not kept',
    needs: ({ history }) => history.support !== 'none',
    async run({ client, wait, listen }) {
      const ann = client();
      const messages = await listen(ann);
      const room = ann.channel();
      const receipt = await wait(room.publish('e', 'gone', { volatile: true }));
      expect(receipt).toMatchObject({ level: 'none', attempts: 1, serial: undefined });
      await wait(client().channel().publish('e', 'kept'));
      await messages.until('the kept one', (items) => items.some(({ data }) => data === 'kept'));
      const page = await wait(room.history().next());
      expect(dataOf(page.value?.items ?? [])).toEqual(['kept']);
    },
  },
  {
    title: 'what becomes of an object after the call is not what is sent',
    async run({ client, wait, later, listen }) {
      const ann = client();
      const heard = await listen(client());
      await wait(ann.realtime.connection.connect());
      const data = { text: 'before', list: [1] };
      const receipt = later(ann.channel().publish('e', data));
      data.text = 'after';
      data.list.push(2);
      await wait(receipt);
      expect(dataOf(await heard.count(1))).toEqual([{ text: 'before', list: [1] }]);
    },
  },
  {
    title: '10 publishes of one tick to 2 channels reach the channel that each is for, in order',
    needs: ({ order }) => order !== 'none',
    otherChannels: true,
    async run({ client, name, other, wait, listen }) {
      const [ann, bob] = [client(), client()];
      const names = [name, other('second')];
      const heard = [];
      for (const channel of names) heard.push(await listen(bob, bob.realtime.channel(channel)));
      const sent = upTo(5).flatMap((n) =>
        names.map((channel) => ann.realtime.channel(channel).publish('e', `${channel} ${n}`)),
      );
      await wait(Promise.all(sent));
      for (const [index, channel] of names.entries())
        expect(dataOf((await heard[index]?.count(5)) ?? [])).toEqual(
          upTo(5).map((n) => `${channel} ${n}`),
        );
    },
  },
  {
    title: 'where publishing needs an attachment, a publish makes one',
    needs: ({ publish }) => publish.needsAttach,
    async run({ client, wait, listen }) {
      const room = client().channel();
      const heard = await listen(client());
      const states: string[] = [];
      room.state.subscribe((state) => states.push(state));
      await wait(room.publish('e', 1));
      expect(states).toEqual(['idle', 'attaching', 'attached']);
      expect(dataOf(await heard.count(1))).toEqual([1]);
    },
  },
];
