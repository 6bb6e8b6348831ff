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
type Action = Exclude<PresenceChange['action'], 'occupancy'>;
const brief = ({ action, member: { clientId, instanceId, data } }: PresenceEdge): string =>
  `${action} ${clientId}/${instanceId} ${JSON.stringify(data)}`;

/** Feeds changes written as `enter ann/1`, and answers the edges. */
function feed(set: MemberSet, changes: readonly string[], data: unknown = null): string[] {
  return changes.flatMap((text) => {
    const [action, name = ''] = text.split(' ') as [Action, string?];
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

  it('says of a client only the first instance and the last one', () => {
    const set = new MemberSet();
    const edges = ['enter ann/1', 'enter ann/2', 'leave ann/1', 'update ann/2', 'leave ann/2']
      .map((text, data) => [text, data] as const)
      .flatMap(([text, data]) => {
        const [action, name = ''] = text.split(' ') as [Action, string?];
        return set.apply({ action, member: member(name, data) });
      });
    expect(edges.map(({ action, isClient }) => `${action} ${isClient}`)).toEqual([
      'enter true',
      'enter false',
      'leave false',
      'update false',
      'leave true',
    ]);
  });

  it('shares what has not changed between 2 snapshots, and grows its revision by 1 with each change', () => {
    const set = new MemberSet();
    feed(set, ['enter ann', 'enter bob/1', 'enter bob/2']);
    const [before, clients, { revision }] = [set.list(), set.byClient(), set];
    feed(set, ['enter ann', 'sync-start', 'enter ann', 'enter bob/1', 'enter bob/2', 'sync-end']);
    expect(set.revision).toBe(revision);
    feed(set, ['leave bob/2']);
    expect(set.revision).toBe(revision + 1);
    expect(set.list()[0]).toBe(before[0]);
    expect(set.list()[1]).toBe(before[1]);
    expect(set.byClient().get('ann')).toBe(clients.get('ann'));
    expect(clients.get('bob')).toHaveLength(2);
  });

  it('is not disturbed by an app that changes what it got', () => {
    const set = new MemberSet();
    feed(set, ['enter ann'], { a: 1 });
    const [first] = set.list();
    expect(() => (set.list() as unknown[]).pop()).toThrow(TypeError);
    expect(() => ((first as { clientId: string }).clientId = 'eve')).toThrow(TypeError);
    (set.byClient() as Map<string, unknown>).clear();
    (first?.data as { a: number }).a = 2;
    expect(feed(set, ['enter ann'], { a: 1 })).toEqual([]);
    expect(set.byClient().size).toBe(1);
    expect(feed(set, ['enter ann'], { a: 2 })).toEqual(['update ann/1 {"a":2}']);
  });

  describe('with a grace of 100 ms', () => {
    const at = (set: MemberSet, now: number, text: string, data: unknown = null): string[] => {
      const [action, name = '', reason] = text.split(' ') as [Action, string?, 'left'?];
      const change = name
        ? { action, member: member(name, data), ...(reason && { reason }) }
        : { action };
      return set.apply(change as PresenceChange, now, 100).map(brief);
    };
    /** A set that is synced. */
    const setOf = (...names: string[]): MemberSet => {
      const set = new MemberSet();
      at(set, 0, 'sync-start');
      for (const name of names) at(set, 0, `enter ${name}`);
      at(set, 0, 'sync-end');
      return set;
    };

    it('shows one that was lost until the grace is over, and the next one 50 ms later', () => {
      const set = setOf('ann', 'bob');
      expect(at(set, 0, 'leave ann')).toEqual([]);
      expect(at(set, 50, 'leave bob')).toEqual([]);
      expect(set.nextAt).toBe(100);
      expect(set.expire(99)).toEqual([]);
      expect(set.list()).toHaveLength(2);
      expect(set.expire(100).map(brief)).toEqual(['leave ann/1 null']);
      expect(set.nextAt).toBe(150);
      expect(set.expire(1_000).map(brief)).toEqual(['leave bob/1 null']);
      expect(set.nextAt).toBeUndefined();
    });

    it('says nothing of one that is back in time with the same data, and an update with other data', () => {
      const set = setOf('ann');
      at(set, 0, 'leave ann');
      expect(at(set, 99, 'enter ann')).toEqual([]);
      expect(set.nextAt).toBeUndefined();
      at(set, 200, 'leave ann');
      expect(at(set, 250, 'enter ann', 1)).toEqual(['update ann/1 1']);
      expect(set.expire(1_000)).toEqual([]);
    });

    it('says at once that one left on purpose, also while it counts as lost', () => {
      const set = setOf('ann', 'bob');
      expect(at(set, 0, 'leave ann left')).toEqual(['leave ann/1 null']);
      at(set, 0, 'leave bob');
      expect(at(set, 1, 'leave bob left')).toEqual(['leave bob/1 null']);
      expect(set.nextAt).toBeUndefined();
    });

    it('counts from the first loss, however often it is told', () => {
      const set = setOf('ann');
      at(set, 0, 'leave ann');
      at(set, 90, 'leave ann');
      expect(set.nextAt).toBe(100);
    });

    it('gives its grace to one that a sync does not name', () => {
      const set = setOf('ann', 'bob');
      at(set, 10, 'sync-start');
      at(set, 10, 'enter bob');
      expect(at(set, 10, 'sync-end')).toEqual([]);
      expect(set.nextAt).toBe(110);
      expect(set.expire(110).map(brief)).toEqual(['leave ann/1 null']);
    });

    it('tells nobody gone while the set is in doubt: the next sync says who came back', () => {
      const set = setOf('ann', 'bob');
      at(set, 0, 'leave ann');
      at(set, 0, 'leave bob');
      set.doubt();
      expect(set.nextAt).toBeUndefined();
      expect(set.expire(1_000)).toEqual([]);
      at(set, 1_000, 'sync-start');
      expect(set.nextAt).toBeUndefined();
      at(set, 1_000, 'enter ann');
      expect(at(set, 1_000, 'sync-end')).toEqual(['leave bob/1 null']);
      expect(set.list()).toHaveLength(1);
    });

    it('never says too early that somebody left, nor too late, over random changes and times', () => {
      const name = fc.constantFrom('ann/1', 'ann/2', 'bob/1');
      const step = fc.record({
        waitMs: fc.nat(60),
        text: fc.oneof(
          { weight: 3, arbitrary: name.map((who) => `enter ${who}`) },
          { weight: 3, arbitrary: name.map((who) => `leave ${who}`) },
          { weight: 1, arbitrary: name.map((who) => `leave ${who} left`) },
        ),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
          const set = setOf();
          const told = new Set<string>();
          const lostAt = new Map<string, number>();
          const see = (edges: readonly PresenceEdge[], now: number, left?: string): void => {
            for (const { action, member: who } of edges) {
              const key = `${who.clientId}/${who.instanceId}`;
              expect(told.has(key)).toBe(action === 'leave');
              if (action === 'enter') told.add(key);
              else told.delete(key);
              if (action === 'leave' && key !== left) expect(now - lostAt.get(key)!).toBe(100);
            }
          };
          let now = 0;
          const pass = (untilMs: number): void => {
            for (; now < untilMs; now++) see(set.expire(now), now);
            now = untilMs;
            see(set.expire(now), now);
          };
          for (const { waitMs, text } of steps) {
            pass(now + waitMs);
            const [action, who = '', reason] = text.split(' ');
            if (action === 'enter' || reason) lostAt.delete(who);
            else if (told.has(who) && !lostAt.has(who)) lostAt.set(who, now);
            const change = { action, member: member(who), reason } as PresenceChange;
            see(set.apply(change, now, 100), now, reason && who);
          }
          const there = [...told].filter((key) => !lostAt.has(key));
          pass(now + 100);
          expect([...told]).toEqual(there);
        }),
        { seed, numRuns: scale(200, 10_000) },
      );
    });
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
