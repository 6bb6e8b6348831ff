/** Presence for those who want less than every member's every change: who is gone for good, clients, the count. */
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';

const watchable: ConformanceCase['needs'] = ({ presence }) =>
  presence.support !== 'none' && presence.watchOnly;

export const presenceEdgeCases: readonly ConformanceCase[] = [
  {
    title: 'a member that is lost and does not come back leaves after the grace, with 1 event',
    needs: (capabilities) => watchable(capabilities) && capabilities.presence.graceMs === 0,
    faults: ['refuse'],
    async run({ client, collect, wait, fault, until }) {
      const [ann, bob] = [client(), client(undefined, { presenceGraceMs: 300 })];
      const notes = collect<string>('leaves');
      bob.channel().presence.on('leave', ({ clientId }) => notes.add(clientId));
      await wait(ann.channel().presence.enter(1));
      await until(bob.channel().presence.members, ({ length }) => length === 1);
      await fault('refuse', { client: ann });
      await until(bob.channel().presence.members, ({ length }) => length === 0);
      expect(await notes.count(1)).toEqual(['ann']);
    },
  },
  {
    title: 'a client comes with the first of 2 instances and goes with the last one',
    needs: (capabilities) => watchable(capabilities) && capabilities.presence.perInstance,
    async run({ client, collect, wait, until }) {
      const [tab, phone, bob] = [client('ann'), client('ann'), client('bob')];
      const { presence } = bob.channel();
      const notes = collect<string>('edges of clients');
      for (const action of ['enter', 'leave'] as const)
        presence.onClient(action, ({ clientId, data }) =>
          notes.add(`${action} ${clientId} ${String(data)}`),
        );
      await wait(bob.channel().attach());
      await wait(tab.channel().presence.enter('tab'));
      await wait(phone.channel().presence.enter('phone'));
      await until(presence.members, ({ length }) => length === 2);
      await wait(tab.channel().presence.leave());
      await until(presence.members, ({ length }) => length === 1);
      await wait(phone.channel().presence.leave());
      expect(await notes.count(2)).toEqual(['enter ann tab', 'leave ann phone']);
    },
  },
  {
    title: 'the count of members follows them, and asks for nothing more where it can',
    needs: watchable,
    async run({ client, wait, until }) {
      const [ann, bob, cat] = [client(), client(), client()];
      const { occupancy } = cat.channel().presence;
      const stop = occupancy.subscribe(() => {}); // it is counted while somebody asks
      await wait(ann.channel().presence.enter(1));
      await until(occupancy, ({ members }) => members === 1);
      await wait(bob.channel().presence.enter(1));
      const { clients = 2 } = await until(occupancy, ({ members }) => members === 2);
      expect(clients).toBe(2);
      await wait(ann.channel().presence.leave());
      await until(occupancy, ({ members }) => members === 1);
      stop();
    },
  },
];
