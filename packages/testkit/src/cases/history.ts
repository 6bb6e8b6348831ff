/** Reading what the backend keeps. */
import type { Channel, HistoryOptions, Message } from '@anywire/core';
import { expect } from 'vitest';
import { dataOf, upTo, type CaseContext, type ConformanceCase } from '../case.ts';

const kept: ConformanceCase['needs'] = ({ history }) => history.support !== 'none';

/** A channel in which 25 messages were published. */
async function filled({ client, wait }: CaseContext): Promise<Channel> {
  const room = client().channel();
  await wait(Promise.all(upTo(25).map((n) => room.publish('e', n))));
  return room;
}

/** Every page, as the data of its messages. */
async function pages(
  { wait }: CaseContext,
  room: Channel,
  options: HistoryOptions,
): Promise<{ data: unknown[][]; messages: Message[]; complete: boolean | undefined }> {
  const messages: Message[] = [];
  const data: unknown[][] = [];
  let complete: boolean | undefined;
  const read = async (): Promise<void> => {
    for await (const page of room.history(options)) {
      messages.push(...page.items);
      data.push(dataOf(page.items));
      complete = page.complete;
    }
  };
  await wait(read(), 'history');
  return { data, messages, complete };
}

export const historyCases: readonly ConformanceCase[] = [
  {
    title: '25 messages are read in 3 pages of at most 10, newest first',
    needs: kept,
    async run(context) {
      const room = await filled(context);
      const { data, complete } = await pages(context, room, { limit: 10 });
      expect(data.flat()).toEqual(upTo(25).reverse());
      expect(data.map(({ length }) => length)).toEqual([10, 10, 5]);
      expect(complete).toBe(true);
    },
  },
  {
    title: '25 messages are read in 3 pages of at most 10, oldest first',
    needs: kept,
    async run(context) {
      const room = await filled(context);
      const { data, complete } = await pages(context, room, { limit: 10, direction: 'forwards' });
      expect(data.flat()).toEqual(upTo(25));
      expect(data.map(({ length }) => length)).toEqual([10, 10, 5]);
      expect(complete).toBe(true);
    },
  },
  {
    title: "history from 'attach' and live messages meet without hole or overlap",
    needs: kept,
    async run(context) {
      const { client, listen, wait } = context;
      const room = await filled(context);
      const bob = client();
      const live = await listen(bob);
      for (const n of [26, 27, 28]) await wait(room.publish('e', n));
      const { data } = await pages(context, bob.channel(), { from: 'attach', limit: 10 });
      expect(data.flat()).toEqual(upTo(25).reverse());
      expect(dataOf(await live.count(3))).toEqual([26, 27, 28]);
    },
  },
  {
    title: 'reading goes on from the cursor of an earlier page',
    needs: kept,
    async run(context) {
      const room = await filled(context);
      const first = await context.wait(room.history({ limit: 10 }).next());
      const next = (first.value as { next?: string } | undefined)?.next;
      expect(next).toEqual(expect.any(String));
      const { data } = await pages(context, room, { limit: 20, ...(next && { from: next }) });
      expect(data.flat()).toEqual(upTo(15).reverse());
    },
  },
  {
    title: 'a message of the history is as it was live, and marked as replayed',
    needs: kept,
    async run(context) {
      const { client, listen, wait } = context;
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(ann.channel().publish('e', { n: 1 }));
      const [live] = await heard.count(1);
      const { messages } = await pages(context, bob.channel(), {});
      const known = ({ id, event, data, serial, timestamp, sender }: Message): unknown[] => [
        id,
        event,
        data,
        serial,
        timestamp,
        sender.clientId,
      ];
      expect(live?.replayed).toBe(false);
      expect(messages.map(known)).toEqual([known(live as Message)]);
      expect(messages[0]?.replayed).toBe(true);
    },
  },
  {
    title: 'the history of a channel that is not attached can be read, also an empty one',
    needs: kept,
    async run(context) {
      const room = context.client().channel();
      expect(await pages(context, room, {})).toMatchObject({ data: [[]], complete: true });
      expect(room.state.get()).toBe('idle');
    },
  },
  {
    title: 'where the backend keeps nothing, reading is unsupported',
    needs: ({ history }) => history.support === 'none',
    async run({ client, code, name }) {
      const { realtime, channel } = client();
      expect(realtime.supports('history')).toBe(false);
      expect(await code(channel().history().next())).toBe('unsupported');
      expect(() => realtime.channel(name, { require: { history: true } })).toThrow('unsupported');
    },
  },
  {
    title: 'start and end choose the messages between 2 times, both included',
    needs: kept,
    async run(context) {
      const room = await filled(context);
      const { messages } = await pages(context, room, { direction: 'forwards' });
      const [first = 0, last = 0] = [messages[0]?.timestamp, messages.at(-1)?.timestamp];
      const counted = async (options: HistoryOptions): Promise<number> =>
        (await pages(context, room, options)).messages.length;
      expect(await counted({ start: first, end: last })).toBe(25);
      expect(await counted({ start: last + 1 })).toBe(0);
      expect(await counted({ end: first - 1 })).toBe(0);
    },
  },
  {
    title: '5 messages that are published between 2 pages neither shift nor join what is read',
    needs: kept,
    async run(context) {
      const room = await filled(context);
      const reading = room.history({ limit: 10 });
      const first = (await context.wait(reading.next())) as { value: { items: Message[] } };
      for (const n of upTo(5)) await context.wait(room.publish('e', 25 + n));
      const second = (await context.wait(reading.next())) as { value: { items: Message[] } };
      expect(dataOf([...first.value.items, ...second.value.items])).toEqual(
        upTo(25).reverse().slice(0, 20),
      );
    },
  },
  {
    title: 'reading on from a page that the service has forgotten since is history_expired',
    needs: kept,
    faults: ['forget'],
    async run(context) {
      const { wait, fault, code } = context;
      const room = await filled(context);
      const first = await wait(room.history({ limit: 10 }).next());
      const from = (first.value as { next?: string } | undefined)?.next ?? '';
      await fault('forget');
      expect(await code(room.history({ from }).next())).toBe('history_expired');
    },
  },
  {
    title: 'reading forwards goes on after the cursor, without repeating the message before it',
    needs: kept,
    async run(context) {
      const room = await filled(context);
      const first = await context.wait(room.history({ limit: 10, direction: 'forwards' }).next());
      const from = (first.value as { next?: string } | undefined)?.next ?? '';
      const { data } = await pages(context, room, { limit: 20, direction: 'forwards', from });
      expect(data.flat()).toEqual(upTo(25).slice(10));
    },
  },
];
