/**
 * Who is present in one channel, as the server told: kept, because it tells once and somebody may watch later.
 *
 * @see dialect-rooms.ts
 */
import type { MemberInfo, PresenceChange } from './contract.ts';
import type { DialectMember, Received } from './dialect-received.ts';

export interface Members {
  /** Takes in what the server said, and passes on what is watched. */
  changed(received: Received): void;
  /** From now on somebody watches, or nobody does. */
  watch(isWatched: boolean): void;
}

const infoOf = ({ clientId, instanceId = clientId, data = null }: DialectMember): MemberInfo => ({
  clientId,
  instanceId,
  data,
});

const keyOf = ({ clientId, instanceId }: MemberInfo): string =>
  JSON.stringify([clientId, instanceId]);

export function createMembers(report: (change: PresenceChange) => void): Members {
  const all = new Map<string, MemberInfo>();
  /** The server has said who all is there. */
  let isWhole = false;
  let isWatched = false;
  const tell = (change: PresenceChange): void => {
    if (isWatched) report(change);
  };
  const tellAll = (): void => {
    if (isWhole) tell({ action: 'sync-start' });
    for (const member of all.values()) tell({ action: 'enter', member });
    if (isWhole) tell({ action: 'sync-end' });
  };
  return {
    changed(received) {
      if ('members' in received) {
        all.clear();
        for (const member of received.members.map(infoOf)) all.set(keyOf(member), member);
        isWhole = true;
        tellAll();
      } else if ('entered' in received) {
        const member = infoOf(received.entered);
        const action = all.has(keyOf(member)) ? 'update' : 'enter';
        all.set(keyOf(member), member);
        tell({ action, member });
      } else if ('left' in received) {
        const { left, reason = 'lost' } = received;
        const member = infoOf(typeof left === 'string' ? { clientId: left } : left);
        const known = all.get(keyOf(member));
        all.delete(keyOf(member));
        if (known) tell({ action: 'leave', member: known, reason });
      }
    },
    watch(wanted) {
      isWatched = wanted;
      tellAll();
    },
  };
}
