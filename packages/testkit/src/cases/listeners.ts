/** The ways to listen: functions, once, iterators; and how each of them ends. */
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';

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
    title: 'once() resolves with the next message of its event, and aborts by its signal',
    async run({ client, wait, later, code, listen }) {
      const [ann, bob] = [client(), client()];
      const room = ann.channel();
      await listen(ann);
      const once = later(room.once('b'));
      const abort = new AbortController();
      const aborted = later(room.once('c', { signal: abort.signal }));
      for (const event of ['a', 'b', 'b']) await wait(bob.channel().publish(event, `${event}!`));
      expect(await wait(once)).toMatchObject({ event: 'b', data: 'b!' });
      abort.abort();
      expect(await code(aborted)).toBe('aborted');
    },
  },
];
