/** Who is here, and how the others hear of it. */
import type { Channel, Member } from '@anywire/core';
import { expect } from 'vitest';
import type { ClientOptions, ConformanceCase } from '../case.ts';
import { some, watch, watchable } from './presence-watch.ts';

/** Nobody waits that long: with it, a leave that comes was told at once. */
const patient: ClientOptions = { presenceGraceMs: 86_400_000 };

const namesOf = (members: readonly Member[]): string[] =>
  members.map(({ clientId }) => clientId).sort();
const someoneElse = (
  room: Channel,
  count: number,
): [Channel['presence']['members'], (members: readonly Member[]) => boolean] => [
  room.presence.members,
  (members) => members.length === count,
];

export const presenceCases: readonly ConformanceCase[] = [
  {
    title: 'a watcher hears enter, update and leave as one event each, with the data',
    needs: (capabilities) => watchable(capabilities) && capabilities.presence.update !== 'none',
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client(undefined, patient)];
      const notes = await watch(context, bob);
      const { presence } = ann.channel();
      await wait(presence.enter({ n: 1 }));
      await wait(presence.update({ n: 2 }));
      await wait(presence.leave());
      await wait(presence.enter('again'));
      expect(await notes.count(4)).toEqual([
        'enter ann {"n":1}',
        'update ann {"n":2}',
        expect.stringMatching(/^leave ann /),
        'enter ann "again"',
      ]);
    },
  },
  {
    title: 'a newcomer is told of the 2 members who are there, and finds them in the stores',
    needs: watchable,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob, cat] = [client(), client(), client()];
      await wait(ann.channel().presence.enter(1));
      await wait(bob.channel().presence.enter(2));
      const notes = await watch(context, cat);
      const { members, clients, synced } = cat.channel().presence;
      expect([...notes.items].sort()).toEqual(['enter ann 1', 'enter bob 2']);
      expect(namesOf(members.get())).toEqual(['ann', 'bob']);
      expect([...clients.get().keys()].sort()).toEqual(['ann', 'bob']);
      expect(synced).toBe(true);
    },
  },
  {
    title: 'a member finds itself and the others',
    needs: some,
    async run({ client, wait, until }) {
      const [ann, bob] = [client(), client()];
      await wait(ann.channel().presence.enter(1));
      await wait(bob.channel().presence.enter(2));
      for (const { channel } of [ann, bob]) {
        const members = await until(...someoneElse(channel(), 2));
        expect(namesOf(members)).toEqual(['ann', 'bob']);
      }
    },
  },
  {
    title: 'two instances of one client are 2 members of 1 client, until the last one leaves',
    needs: (capabilities) => watchable(capabilities) && capabilities.presence.perInstance,
    async run(context) {
      const { client, wait, until } = context;
      const [tab, phone, bob] = [client('ann'), client('ann'), client('bob')];
      await watch(context, bob);
      await wait(tab.channel().presence.enter('tab'));
      await wait(phone.channel().presence.enter('phone'));
      const { members, clients } = bob.channel().presence;
      const [first, second] = await until(members, ({ length }) => length === 2);
      expect(first?.instanceId).not.toBe(second?.instanceId);
      expect(clients.get().get('ann')).toHaveLength(2);
      await wait(tab.channel().presence.leave());
      await until(members, ({ length }) => length === 1);
      expect(clients.get().get('ann')).toMatchObject([{ data: 'phone' }]);
      await wait(phone.channel().presence.leave());
      await until(members, ({ length }) => length === 0);
      expect(clients.get().size).toBe(0);
    },
  },
  {
    title: 'watching does not make a member',
    needs: watchable,
    async run(context) {
      const { client, wait, until } = context;
      const [ann, bob] = [client(), client()];
      await watch(context, ann);
      await watch(context, bob);
      await wait(bob.channel().presence.enter(1));
      const members = await until(ann.channel().presence.members, ({ length }) => length > 0);
      expect(namesOf(members)).toEqual(['bob']);
    },
  },
  {
    title: 'where watching means entering, a watcher who has not entered is refused',
    needs: ({ presence }) => presence.support !== 'none' && !presence.watchOnly,
    async run({ client }) {
      const { presence } = client().channel();
      expect(() => presence.on('enter', () => {})).toThrow('unsupported');
    },
  },
  {
    title: 'a member that is dropped and comes back is no news to the others',
    needs: watchable,
    faults: ['drop'],
    async run(context) {
      const { client, wait, fault, comeBack } = context;
      const [ann, bob, cat] = [client(), client(), client()];
      const notes = await watch(context, bob);
      await wait(ann.channel().presence.enter(1));
      await notes.count(1);
      await comeBack([ann.channel()], () => fault('drop', { client: ann }));
      await wait(cat.channel().presence.enter(2));
      expect(await notes.count(2)).toEqual(['enter ann 1', 'enter cat 2']);
      expect(namesOf(bob.channel().presence.members.get())).toEqual(['ann', 'cat']);
    },
  },
  {
    title: 'a watcher that is dropped and comes back hears only what has changed',
    needs: watchable,
    faults: ['refuse'],
    async run(context) {
      const { client, wait, fault, heal, until } = context;
      const [ann, bob, cat] = [client(), client(), client()];
      const notes = await watch(context, bob);
      await wait(ann.channel().presence.enter(1));
      await notes.count(1);
      await fault('refuse', { client: bob });
      await until(bob.realtime.connection.state, 'reconnecting');
      expect(bob.channel().presence.synced).toBe(false);
      await wait(cat.channel().presence.enter(2));
      await heal();
      expect(await notes.count(2)).toEqual(['enter ann 1', 'enter cat 2']);
    },
  },
  {
    title: 'members enter again by themselves when the service has forgotten them',
    needs: watchable,
    faults: ['forget'],
    async run(context) {
      const { client, wait, fault, until, comeBack } = context;
      const [ann, bob] = [client(), client()];
      await watch(context, bob);
      await wait(ann.channel().presence.enter({ n: 1 }));
      const { members } = bob.channel().presence;
      await until(members, ({ length }) => length === 1);
      await comeBack([ann.channel(), bob.channel()], () => fault('forget'));
      await until(members, ([member]) => member?.clientId === 'ann');
      const cat = client();
      await watch(context, cat);
      await until(cat.channel().presence.members, ([member]) => member?.clientId === 'ann');
    },
  },
  {
    title: 'close() leaves at once, without any grace',
    needs: watchable,
    async run(context) {
      const { client, wait } = context;
      const [ann, bob] = [client(), client(undefined, patient)];
      const notes = await watch(context, bob);
      await wait(ann.channel().presence.enter(1));
      await notes.count(1);
      await wait(ann.realtime.close());
      expect(await notes.count(2)).toEqual(['enter ann 1', 'leave ann 1']);
    },
  },
  {
    title: 'an anonymous client cannot enter: client_id_required; what it listens to goes on',
    needs: watchable,
    async run({ client, code, wait, listen }) {
      const nobody = client(null);
      const entering = code(nobody.channel().presence.enter(1));
      const heard = await listen(nobody);
      expect(await entering).toBe('client_id_required');
      await wait(client().channel().publish('e', 1));
      await heard.count(1);
      expect(await code(nobody.channel().presence.enter(1))).toBe('client_id_required');
    },
  },
  {
    title: 'where there is no presence, entering and watching are unsupported',
    needs: ({ presence }) => presence.support === 'none',
    async run({ client, code, name }) {
      const { realtime, channel } = client();
      const { presence } = channel();
      expect(await code(presence.enter(1))).toBe('unsupported');
      expect(() => presence.on('enter', () => {})).toThrow('unsupported');
      expect(realtime.supports('presence')).toBe(false);
      expect(() => realtime.channel(name, { require: { presence: true } })).toThrow('unsupported');
    },
  },
];
