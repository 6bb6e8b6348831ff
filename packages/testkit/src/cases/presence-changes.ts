/** What changes while members come back, watch late, or are in several channels. */
import type { Capabilities } from '@anywire/core';
import { expect } from 'vitest';
import type { CaseContext, ConformanceCase, TestClient } from '../case.ts';
import type { Collected } from '../wait.ts';
import { some, watch, watchable } from './presence-watch.ts';

const updatable = (capabilities: Capabilities): boolean =>
  watchable(capabilities) && capabilities.presence.update !== 'none';

/** `ann` is there with 1, and `bob`, who knows it, is away. */
async function away(context: CaseContext): Promise<{ ann: TestClient; notes: Collected<string> }> {
  const { client, wait, fault, until } = context;
  const [ann, bob] = [client(), client()];
  const notes = await watch(context, bob);
  await wait(ann.channel().presence.enter(1));
  await notes.count(1);
  await fault('refuse', { client: bob });
  await until(bob.realtime.connection.state, 'reconnecting');
  return { ann, notes };
}

export const presenceChangeCases: readonly ConformanceCase[] = [
  {
    title: 'entering again with the same data is no news, with other data one update',
    needs: updatable,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client()];
      const notes = await watch(context, bob);
      for (const data of [1, 1, 2]) await wait(ann.channel().presence.enter(data));
      await wait(ann.channel().presence.leave());
      expect((await notes.count(3)).slice(0, 2)).toEqual(['enter ann 1', 'update ann 2']);
      expect(notes.items[2]).toMatch(/^leave ann/);
    },
  },
  {
    title: 'data of members arrive as they are: null, a text, 0, a list, an object',
    needs: updatable,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client()];
      const notes = await watch(context, bob);
      const values = [null, 'text', 0, [1, [2]], { a: { b: null } }];
      for (const value of values) await wait(ann.channel().presence.enter(value));
      const heard = await notes.count(values.length);
      expect(heard.map((note) => note.replace(/^\w+ ann /, ''))).toEqual(
        values.map((value) => JSON.stringify(value)),
      );
    },
  },
  {
    title: 'a member whose data changed while a watcher was away is one update to it',
    needs: updatable,
    faults: ['refuse'],
    async run(context) {
      const { ann, notes } = await away(context);
      await context.wait(ann.channel().presence.update(2));
      await context.heal();
      expect(await notes.count(2)).toEqual(['enter ann 1', 'update ann 2']);
    },
  },
  {
    title: 'a member that left while a watcher was away has left when it is back',
    needs: watchable,
    faults: ['refuse'],
    async run(context) {
      const { ann, notes } = await away(context);
      await context.wait(ann.channel().presence.leave());
      await context.heal();
      expect(await notes.count(2)).toEqual(['enter ann 1', 'leave ann 1']);
    },
  },
  {
    title:
      'who begins to watch an attached channel is told who is there, and hears each message once',
    needs: watchable,
    async run(context) {
      const { client, wait, listen } = context;
      const [ann, bob] = [client(), client()];
      const heard = await listen(bob);
      await wait(ann.channel().presence.enter(1));
      await wait(ann.channel().publish('e', 1));
      const notes = await watch(context, bob);
      await wait(ann.channel().publish('e', 2));
      expect(notes.items).toEqual(['enter ann 1']);
      expect((await heard.count(2)).map(({ data }) => data)).toEqual([1, 2]);
    },
  },
  {
    title: 'a member of 2 channels is a member of each with its own data, and leaves one alone',
    needs: some,
    otherChannels: true,
    async run({ client, other, wait, until }) {
      const [ann, bob] = [client(), client()];
      const names = [other('first'), other('second')] as const;
      const rooms = names.map((channel) => bob.realtime.channel(channel));
      for (const [index, channel] of names.entries()) {
        await wait(ann.realtime.channel(channel).presence.enter(channel));
        const { presence } = rooms[index] ?? expect.unreachable();
        await wait(presence.enter('bob'));
        const members = await until(presence.members, ({ length }) => length === 2);
        expect(members).toContainEqual(expect.objectContaining({ data: channel }));
      }
      await wait(ann.realtime.channel(names[0]).presence.leave());
      const [first, second] = rooms.map(({ presence }) => presence.members);
      await until(first ?? expect.unreachable(), ({ length }) => length === 1);
      expect(second?.get()).toHaveLength(2);
    },
  },
  {
    title: 'enter, leave and enter in one go end as a member, with the last data',
    needs: some,
    async run({ client, wait, later, until }) {
      const [ann, bob] = [client(), client()];
      await wait(bob.channel().presence.enter('bob'));
      await wait(ann.channel().attach());
      const { presence } = ann.channel();
      await wait(presence.enter('first'));
      const left = later(presence.leave());
      await wait(presence.enter('last'));
      await wait(left);
      await wait(ann.channel().publish('e', 1));
      const members = await until(bob.channel().presence.members, (all) =>
        all.some(({ data }) => data === 'last'),
      );
      expect(members).toHaveLength(2);
      await wait(client().channel().presence.enter('cat'));
      await until(bob.channel().presence.members, ({ length }) => length === 3);
    },
  },
  {
    title: 'where members have no grace, one who is dropped leaves at once, and enters when back',
    needs: (capabilities) => some(capabilities) && capabilities.presence.graceMs === 0,
    faults: ['refuse'],
    async run({ client, wait, until, fault, heal }) {
      const [ann, bob] = [client(), client()];
      await wait(bob.channel().presence.enter('bob'));
      const { members } = bob.channel().presence;
      await wait(ann.channel().presence.enter('ann'));
      await until(members, ({ length }) => length === 2);
      await fault('refuse', { client: ann });
      await until(members, ({ length }) => length === 1);
      await heal();
      await until(members, ({ length }) => length === 2);
    },
  },
  {
    title:
      'where a member cannot be updated, update() is unsupported, and the member stays as it is',
    needs: ({ presence }) => presence.support !== 'none' && presence.update === 'none',
    async run({ client, wait, until, code }) {
      const ann = client();
      const { presence } = ann.channel();
      await wait(presence.enter(1));
      expect(await code(presence.update(2))).toBe('unsupported');
      const members = await until(presence.members, ({ length }) => length === 1);
      expect(members).toMatchObject([{ clientId: 'ann', data: 1 }]);
    },
  },
  {
    title: 'where a client is one member, two of its instances are one, until the last one leaves',
    needs: (capabilities) => some(capabilities) && !capabilities.presence.perInstance,
    async run({ client, wait, until }) {
      const [tab, phone, bob] = [client('ann'), client('ann'), client('bob')];
      await wait(bob.channel().presence.enter('bob'));
      const { members } = bob.channel().presence;
      for (const { channel } of [tab, phone]) await wait(channel().presence.enter('ann'));
      await until(members, ({ length }) => length > 1);
      await wait(tab.channel().presence.leave());
      await wait(client('cat').channel().presence.enter('cat'));
      await until(members, (all) => all.some(({ clientId }) => clientId === 'cat'));
      expect(members.get().map(({ clientId }) => clientId)).toEqual(['bob', 'ann', 'cat']);
      await wait(phone.channel().presence.leave());
      await until(members, ({ length }) => length === 2);
    },
  },
];
