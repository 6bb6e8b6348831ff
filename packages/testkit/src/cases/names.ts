/** Names of channels and events: any text is itself, and what cannot be a name is refused here. */
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';

const odd: readonly string[] = [
  '__proto__', 'constructor', 'a b', 'a/b?c#d', 'a:b', '..', '%2F', '"quoted\\', "it's", '日本語', '👩‍👩‍👧', 'a,b;c',
  '$SYS.#.*', 'room:{id}', 'é', 'e\u0301', 'A', 'a', 'a ',
]; // prettier-ignore

export const nameCases: readonly ConformanceCase[] = [
  {
    title: `${odd.length} odd channel names are ${odd.length} channels, each with its own messages`,
    async run({ client, other, wait, collect }) {
      const [ann, bob] = [client(), client()];
      const heard = collect<readonly [string, unknown]>('messages');
      const names = odd.map(other);
      for (const name of names) {
        const room = bob.realtime.channel(name);
        room.on('e', (data, { channel }) => heard.add([channel, data]));
        await wait(room.attach());
      }
      for (const name of names) await wait(ann.realtime.channel(name).publish('e', name));
      const messages = await heard.count(names.length);
      expect(new Map(messages)).toEqual(new Map(names.map((name) => [name, name])));
      expect(messages).toHaveLength(names.length);
    },
  },
  {
    title: 'names that are only `__proto__`, or 255 characters long, are channels like others',
    async run({ client, other, wait, collect }) {
      const [ann, bob] = [client(), client()];
      for (const name of ['__proto__', other('').padEnd(255, 'x')]) {
        const heard = collect<unknown>('messages');
        bob.realtime.channel(name).on('e', heard.add);
        await wait(bob.realtime.channel(name).attach());
        await wait(ann.realtime.channel(name).publish('e', name));
        expect(await heard.count(1)).toEqual([name]);
      }
    },
  },
  {
    title: `${odd.length} odd event names arrive as they are; an empty one and one of 129 are invalid`,
    async run({ client, wait, listen, code }) {
      const ann = client();
      const heard = await listen(client());
      for (const event of odd) await wait(ann.channel().publish(event, event));
      const messages = await heard.count(odd.length);
      expect(messages.map(({ event }) => event)).toEqual(odd);
      for (const event of ['', 'x'.repeat(129)])
        expect(await code(ann.channel().publish(event, 1))).toBe('invalid');
    },
  },
];
