import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import type { MemberInfo, PresenceChange } from './contract.ts';
import { MemberSet, type PresenceEdge } from './member-set.ts';

const member = (name: string, data: unknown = null): MemberInfo => {
  const [clientId = '', instanceId = '1'] = name.split('/');
  return { clientId, instanceId, data };
};
const brief = ({ action, member: { clientId, instanceId, data } }: PresenceEdge): string =>
  `${action} ${clientId}/${instanceId} ${JSON.stringify(data)}`;

/** Feeds changes written as `enter ann/1`, and answers the edges. */
function feed(set: MemberSet, changes: readonly string[], data: unknown = null): string[] {
  return changes.flatMap((text) => {
    const [action, name = ''] = text.split(' ') as [PresenceChange['action'], string?];
    const change: PresenceChange =
      action === 'sync-start' || action === 'sync-end'
        ? { action }
        : { action, member: member(name, data) };
    return set.apply(change).map(brief);
  });
}

describe('MemberSet', () => {
  it('makes one edge of an enter that comes 3 times', () => {
    expect(feed(new MemberSet(), ['enter ann', 'enter ann', 'enter ann'])).toEqual([
      'enter ann/1 null',
    ]);
  });

  it('makes an update of an enter with other data, and nothing of an update with the same', () => {
    const set = new MemberSet();
    feed(set, ['enter ann'], { a: 1 });
    expect(feed(set, ['update ann'], { a: 1 })).toEqual([]);
    expect(feed(set, ['enter ann'], { a: 2 })).toEqual(['update ann/1 {"a":2}']);
  });

  it('makes an enter of an update of somebody unknown, and nothing of their leave', () => {
    const set = new MemberSet();
    expect(feed(set, ['leave ann', 'update ann', 'leave ann', 'leave ann'])).toEqual([
      'enter ann/1 null',
      'leave ann/1 null',
    ]);
  });

  it('tells at the end of a sync who is gone, and keeps who came during it', () => {
    const set = new MemberSet();
    feed(set, ['enter ann', 'enter bob', 'enter cem']);
    const edges = feed(set, ['sync-start', 'enter ann', 'enter dee', 'leave cem', 'sync-end']);
    expect(edges).toEqual(['enter dee/1 null', 'leave cem/1 null', 'leave bob/1 null']);
    expect(set.synced).toBe(true);
  });

  it('starts over at a second sync-start', () => {
    const set = new MemberSet();
    feed(set, ['enter ann', 'enter bob']);
    feed(set, ['sync-start', 'enter ann']);
    expect(feed(set, ['sync-start', 'enter bob', 'sync-end'])).toEqual(['leave ann/1 null']);
  });

  it('tells nobody gone when a sync is cut off', () => {
    const set = new MemberSet();
    feed(set, ['enter ann', 'sync-start']);
    set.doubt();
    expect(feed(set, ['sync-end'])).toEqual([]);
    expect(set.list()).toHaveLength(1);
  });

  it('keeps 2 clients apart whose names and instances have line breaks', () => {
    const set = new MemberSet();
    const edges = [
      { clientId: 'a\nb', instanceId: 'c', data: 1 },
      { clientId: 'a', instanceId: 'b\nc', data: 2 },
    ].flatMap((info) => set.apply({ action: 'enter', member: info }));
    expect(edges.map(({ action }) => action)).toEqual(['enter', 'enter']);
  });

  it('shows the connection that a member has now, although its data are the same', () => {
    const set = new MemberSet();
    set.apply({ action: 'enter', member: { ...member('ann'), connectionId: 'old' } });
    set.apply({ action: 'enter', member: { ...member('ann'), connectionId: 'new' } });
    expect(set.list()).toMatchObject([{ connectionId: 'new' }]);
  });

  it('agrees with a naive model over random changes, syncs and interruptions', () => {
    const name = fc.constantFrom('ann/1', 'ann/2', 'bob/1', 'cem/1');
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constantFrom('enter', 'update'), name, fc.nat(2)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('leave'), name, fc.constant(0)) },
      { weight: 2, arbitrary: fc.tuple(fc.constantFrom('sync-start', 'sync-end', 'doubt')) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const set = new MemberSet();
        /** Rebuilt from the edges alone: what an app that listens would believe. */
        const told = new Map<string, unknown>();
        /** Rebuilt from the reports. */
        const truth = new Map<string, unknown>();
        let named: Set<string> | undefined;
        for (const [action, who = '', data] of steps) {
          if (action === 'doubt') {
            named = undefined;
            set.doubt();
            expect(set.synced).toBe(false);
            continue;
          }
          if (action === 'sync-start') named = new Set();
          else if (action === 'sync-end') {
            if (named) for (const key of [...truth.keys()]) if (!named.has(key)) truth.delete(key);
            named = undefined;
          } else if (action === 'leave') truth.delete(who);
          else {
            truth.set(who, data);
            named?.add(who);
          }
          const change = { action, member: member(who, data) } as PresenceChange;
          for (const edge of set.apply(change)) {
            const key = `${edge.member.clientId}/${edge.member.instanceId}`;
            expect(told.has(key)).toBe(edge.action !== 'enter');
            if (edge.action === 'update') expect(told.get(key)).not.toEqual(edge.member.data);
            if (edge.action === 'leave') told.delete(key);
            else told.set(key, edge.member.data);
          }
          expect(told).toEqual(truth);
          expect(set.list()).toHaveLength(truth.size);
        }
      }),
      { seed, numRuns: scale(500, 20_000) },
    );
  });
});
