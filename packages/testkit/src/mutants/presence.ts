/** Mutants of presence. */
import type { MemberInfo, PresenceChange } from '@anywire/core';
import { answers, declares, entering, remembering, reports, type Mutants } from './mutant.ts';

const changes = (wrong: (change: PresenceChange) => readonly PresenceChange[]): Mutants[string] =>
  reports((link) => ({
    presence: (channel, change) => {
      for (const changed of wrong(change)) link.presence(channel, changed);
    },
  }));
const member = (
  change: PresenceChange,
  patch: (member: MemberInfo) => MemberInfo,
): PresenceChange => ('member' in change ? { ...change, member: patch(change.member) } : change);

export const presenceMutants: Mutants = {
  'tells nobody that a member left': changes((change) =>
    change.action === 'leave' ? [] : [change],
  ),
  'tells an update as leave and enter': changes((change) =>
    change.action === 'update'
      ? [
          { ...change, action: 'leave' },
          { ...change, action: 'enter' },
        ]
      : [change],
  ),
  'syncs without the members': remembering(() => {
    let isSyncing = false;
    return changes((change) => {
      if (change.action === 'sync-start' || change.action === 'sync-end')
        isSyncing = change.action === 'sync-start';
      return isSyncing && change.action === 'enter' ? [] : [change];
    });
  }),
  'knows one instance of each client': changes((change) => [
    member(change, (who) => ({ ...who, instanceId: 'one' })),
  ]),
  'hides itself': reports((link) => ({
    presence(channel, change) {
      if (!('member' in change) || change.member.instanceId !== link.instanceId)
        link.presence(channel, change);
    },
  })),
  'enters whoever watches': answers((session) => ({
    attach: (channel, request) =>
      session.attach(channel, {
        ...request,
        presence: request.presence === 'watch' ? 'enter' : request.presence,
      }),
  })),
  'enters without its data when it comes back': answers((session) => ({
    attach: (channel, { presenceData: _, ...request }) => session.attach(channel, request),
  })),
  'does not enter with the attach': answers((session) => ({
    attach: (channel, request) =>
      session.attach(channel, {
        ...request,
        presence: request.presence === 'enter' ? 'watch' : request.presence,
      }),
  })),
  'tells all members anew after a reconnect, as if they had left': remembering(() => {
    let syncs = 0;
    const known = new Map<string, MemberInfo>();
    return changes((change) => {
      if ('member' in change) {
        known.set(change.member.instanceId, change.member);
        return [change];
      }
      if (change.action === 'sync-end' || (syncs += 1) === 1) return [change];
      const gone = [...known.values()].map((who) => ({ action: 'leave', member: who }) as const);
      return [...gone, change];
    });
  }),
  'leaves its members behind when it is closed': answers((session) => ({
    close: () => Promise.resolve(void session),
  })),
  'says that it has entered, and has not': entering(() => ({ enter: () => Promise.resolve() })),
  'claims presence': declares(({ presence }) => ({
    presence: { ...presence, support: 'native', watchOnly: true },
  })),
  'syncs the first member only': remembering(() => {
    let left = Infinity;
    return changes((change) => {
      if (change.action === 'sync-start') left = 1;
      if (change.action === 'sync-end') left = Infinity;
      return change.action === 'enter' && (left -= 1) < 0 ? [] : [change];
    });
  }),
  'is another instance on each connection': remembering(() => {
    let opens = 0;
    return reports((link) => ({ instanceId: `${link.instanceId}.${(opens += 1)}` }));
  }),
  'does not enter again when it comes back': remembering(() => {
    let opens = 0;
    return answers((session) => {
      opens += 1;
      return {
        attach: (channel, request) =>
          session.attach(channel, opens > 1 ? { ...request, presence: 'watch' } : request),
      };
    });
  }),
  'watches only from the first attach on': answers((session, link) => {
    const attached = new Set<string>();
    return {
      attach(channel, request) {
        if (attached.has(channel) && request.presence === 'watch') {
          link.attached(channel, { continuity: 'kept' });
          return Promise.resolve();
        }
        attached.add(channel);
        return session.attach(channel, request);
      },
    };
  }),
  'adds to the members when it syncs, and never takes away': changes((change) =>
    change.action === 'sync-start' ? [] : [change],
  ),
  'remembers the first data of each member': remembering(() => {
    const first = new Map<string, MemberInfo>();
    let isSyncing = false;
    return changes((change) => {
      if (!('member' in change)) {
        isSyncing = change.action === 'sync-start';
        return [change];
      }
      const { instanceId } = change.member;
      const known = first.get(instanceId) ?? change.member;
      first.set(instanceId, known);
      return [isSyncing ? { ...change, member: known } : change];
    });
  }),
  'leaves before it enters again': entering((presence) => ({
    async update(channel, data, signal) {
      await presence.leave(channel, signal);
      await presence.enter(channel, data, signal);
    },
  })),
  'has an empty object for no data': changes((change) => [
    member(change, (who) => ({ ...who, data: who.data ?? {} })),
  ]),
  'has one presence for all its channels': answers((session) => {
    const entered = new Set<string>();
    const { presence } = session;
    return (
      (presence && {
        presence: {
          ...presence,
          async leave(channel, signal) {
            for (const other of entered) await presence.leave(other, signal);
            await presence.leave(channel, signal);
          },
        },
        attach(channel, request) {
          entered.add(channel);
          return session.attach(channel, request);
        },
      }) ??
      {}
    );
  }),
  'lets a leave be overtaken': entering((presence, link) => ({
    async leave(channel, signal) {
      link.clock.schedule(() => void presence.leave(channel, signal).catch(() => {}), 5);
      return Promise.resolve();
    },
  })),
  'claims updates': declares(({ presence }) => ({
    presence: { ...presence, update: 'native' },
  })),
  'takes each connection for a member': changes((change) => [
    member(change, (who) => ({ ...who, instanceId: who.connectionId ?? who.instanceId })),
  ]),
};
