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
  'enters anonymous clients under a made-up name': remembering(() => {
    return entering(() => ({ enter: () => Promise.resolve() }));
  }),
  'claims presence': declares(({ presence }) => ({
    presence: { ...presence, support: 'native', watchOnly: true },
  })),
};
