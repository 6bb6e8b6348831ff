/** Names of channels and events: any text is itself, and what cannot be a name is refused here. */
import { expect } from 'vitest';
import { dataOf, type ConformanceCase } from '../case.ts';

const odd: readonly string[] = [
  '__proto__', 'constructor', 'a b', 'a/b?c#d', 'a:b', '..', '%2F', '"quoted\\', "it's", '日本語', '👩‍👩‍👧', 'a,b;c',
  '$SYS.#.*', 'room:{id}', 'é', 'e\u0301', 'A', 'a', 'a ',
]; // prettier-ignore

const reserved: readonly string[] = [
  'private-', 'presence-', 'cache-', 'private-encrypted-', 'realtime:', '[meta]', '#', '$', '_', 'anywire.', '/', '@',
]; // prettier-ignore
const events: readonly string[] = [
  'message', 'error', 'open', 'close', 'connect', 'disconnect', 'connect_error', 'newListener', 'attached', 'state',
  'presence', 'broadcast', 'system', 'sync', 'subscribe', 'phx_close', 'client-x', 'pusher:error', 'pusher_internal:x',
]; // prettier-ignore

export const nameCases: readonly ConformanceCase[] = [
  {
    title: `${odd.length} odd channel names are ${odd.length} channels, each with its own messages`,
    otherChannels: true,
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
    title: 'names that are only `__proto__`, or as long as can be, are channels like others',
    otherChannels: true,
    async run({ client, other, wait, collect, capabilities: { maxNameLength = 255 } }) {
      const [ann, bob] = [client(), client()];
      // What is not allowed in names of the backend takes up to three bytes there.
      const escapable = other('').replace(/[\w-]/g, '').length;
      const length = maxNameLength === 255 ? 255 : maxNameLength - 2 * escapable;
      for (const name of ['__proto__', other('').padEnd(length, 'x')]) {
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
  {
    title: `${reserved.length} channel names that services keep for themselves are channels like others`,
    otherChannels: true,
    async run({ client, name, wait, collect }) {
      const [ann, bob] = [client(), client()];
      const heard = collect<readonly [string, unknown]>('messages');
      const names = ['', ...reserved].map((prefix) => prefix + name);
      for (const channel of names) {
        const room = bob.realtime.channel(channel);
        room.on('e', (data) => heard.add([channel, data]));
        await wait(room.attach());
      }
      for (const channel of names) await wait(ann.realtime.channel(channel).publish('e', channel));
      expect(await heard.count(names.length)).toEqual(names.map((channel) => [channel, channel]));
    },
  },
  {
    title: `${events.length} event names that vendors use themselves are events like others`,
    async run({ client, wait, listen }) {
      const ann = client();
      const heard = await listen(client());
      for (const event of events) await wait(ann.channel().publish(event, event));
      const messages = await heard.count(events.length);
      expect(messages.map(({ event, data }) => [event, data])).toEqual(
        events.map((event) => [event, event]),
      );
    },
  },
  {
    title: 'one odd name is one channel for messages, history and presence alike',
    needs: ({ history, presence }) => history.support !== 'none' && presence.support !== 'none',
    otherChannels: true,
    async run({ client, other, wait, until }) {
      const ann = client();
      const room = ann.realtime.channel(other('A b/%2F?ü:{1}'));
      await wait(room.presence.enter(1));
      await until(room.presence.members, ({ length }) => length === 1);
      await wait(room.publish('e', 'kept'));
      const page = await wait(room.history().next());
      expect(dataOf(page.value?.items ?? [])).toEqual(['kept']);
    },
  },
];
