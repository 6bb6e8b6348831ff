/** The ways to listen: functions, once, iterators; and how each of them ends. */
import { expect } from 'vitest';
import { dataOf, upTo, type ConformanceCase } from '../case.ts';

export const listenerCases: readonly ConformanceCase[] = [
  {
    title:
      'two listeners of an event, and one of all events, each hear every message that is theirs',
    async run({ client, wait, listen, collect }) {
      const [ann, bob] = [client(), client()];
      const [first, second] = [collect<unknown>('a'), collect<unknown>('a')];
      const room = ann.channel();
      room.on('a', first.add);
      room.on('a', second.add);
      const all = await listen(ann);
      for (const event of ['a', 'b', 'a']) await wait(bob.channel().publish(event, event));
      expect((await all.count(3)).map(({ event }) => event)).toEqual(['a', 'b', 'a']);
      expect([first.items, second.items]).toEqual([
        ['a', 'a'],
        ['a', 'a'],
      ]);
    },
  },
  {
    title: 'a listener that throws is reported, and stops neither the others nor the connection',
    async run({ client, wait, listen }) {
      const [ann, bob] = [client(), client()];
      ann.channel().on('e', () => {
        throw new Error('mine');
      });
      const heard = await listen(ann);
      for (const n of upTo(2)) await wait(bob.channel().publish('e', n));
      expect(dataOf(await heard.count(2))).toEqual([1, 2]);
      const errors = ann.errors.splice(0);
      expect(errors.map(({ code }) => code)).toEqual(['listener_failed', 'listener_failed']);
      expect(errors[0]?.cause).toMatchObject({ message: 'mine' });
      expect(ann.realtime.connection.state.get()).toBe('connected');
    },
  },
  {
    title: 'once() resolves with the next message of its event, and aborts by its signal',
    async run({ client, wait, later, code, listen }) {
      const [ann, bob] = [client(), client()];
      const room = ann.channel();
      await listen(ann);
      const once = later(room.once('b'));
      const abort = new AbortController();
      const aborted = code(room.once('c', { signal: abort.signal }));
      for (const event of ['a', 'b', 'b']) await wait(bob.channel().publish(event, `${event}!`));
      expect(await wait(once)).toMatchObject({ event: 'b', data: 'b!' });
      abort.abort();
      expect(await aborted).toBe('aborted');
    },
  },
  {
    title: 'messages() gives every message in order, and stops when the reader leaves the loop',
    async run({ client, wait, later, listen }) {
      const [ann, bob] = [client(), client()];
      await listen(ann);
      const read = async (): Promise<unknown[]> => {
        const seen: unknown[] = [];
        for await (const { data } of ann.channel().messages()) if (seen.push(data) === 3) break;
        return seen;
      };
      const reading = later(read());
      for (const n of upTo(5)) await wait(bob.channel().publish('e', n));
      expect(await wait(reading)).toEqual([1, 2, 3]);
    },
  },
  {
    title:
      'messages() of a reader that is too slow ends with overflow, after what its buffer holds',
    async run({ client, wait, listen, code }) {
      const [ann, bob] = [client(), client()];
      const control = await listen(ann);
      const slow = ann.channel().messages({ buffer: 2 });
      const newest = ann.channel().messages({ buffer: 2, overflow: 'drop-oldest' });
      for (const n of upTo(5)) await wait(bob.channel().publish('e', n));
      await control.count(5);
      expect((await wait(newest.next())).value).toMatchObject({ data: 4 });
      const read = async (): Promise<void> => {
        for await (const message of slow) expect(message.data).toBeLessThanOrEqual(3);
      };
      expect(await code(read())).toBe('overflow');
      await newest.return?.();
    },
  },
  {
    title: 'unsubscribing works twice, by signal and by `using`, and leaves the other listener',
    async run({ client, wait, listen, collect }) {
      const [ann, bob] = [client(), client()];
      const room = ann.channel();
      const heard = collect<unknown>('messages');
      const abort = new AbortController();
      const off = room.on('e', heard.add);
      room.on('e', heard.add, { signal: abort.signal });
      room.on('e', heard.add, { signal: AbortSignal.abort() });
      const other = await listen(ann);
      off();
      off();
      abort.abort();
      room.on('e', heard.add)[Symbol.dispose]();
      await wait(bob.channel().publish('e', 1));
      await other.count(1);
      expect(heard.items).toEqual([]);
    },
  },
];
