/**
 * Who is in a presence channel. Pusher empties its list at each loss and tells nobody: each subscription begins with a whole set.
 */
import type { Link, MemberInfo } from '@anywire/core';

interface Entry {
  readonly id: string;
  readonly info: unknown;
}

interface List {
  readonly members: Readonly<Record<string, unknown>>;
}

/** One that our backend has signed says which instance it is; of any other, the user is all that is known. */
function memberOf({ id, info }: Entry): MemberInfo {
  const { c, i, d } = Object(info) as { c?: string; i?: string; d?: unknown };
  return typeof c === 'string' && typeof i === 'string'
    ? { clientId: c, instanceId: i, data: d ?? null }
    : { clientId: id, instanceId: id, data: info ?? null };
}

/** What the app's backend, or a member, says of a member. */
interface Update {
  readonly c: string;
  readonly i: string;
  readonly d?: unknown;
}

/** Reports the members of `channel` from what a subscription hears. */
export function createMembers(
  link: Link,
  channel: string,
): { readonly heard: (event: string, data: unknown) => void } {
  const present = new Map<string, MemberInfo>();
  /** Who said goodbye. */
  const leaving = new Set<string>();
  const keyOf = ({ clientId, instanceId }: MemberInfo): string =>
    JSON.stringify([clientId, instanceId]);
  const enter = (entry: Entry): void => {
    const member = memberOf(entry);
    present.set(entry.id, member);
    link.presence(channel, { action: 'enter', member });
  };
  const update = ({ c: clientId, i: instanceId, d }: Update): void => {
    const member = { clientId, instanceId, data: d ?? null };
    // Of one that is not here any more nobody wants to know.
    const isHere = [...present.values()].some((one) => keyOf(one) === keyOf(member));
    if (isHere) link.presence(channel, { action: 'update', member });
  };
  return {
    heard(event: string, data: unknown): void {
      if (event === 'pusher:subscription_succeeded') {
        present.clear();
        link.presence(channel, { action: 'sync-start' });
        for (const [id, info] of Object.entries((data as List).members)) enter({ id, info });
        link.presence(channel, { action: 'sync-end' });
      } else if (event === 'pusher:member_added') {
        enter(data as Entry);
      } else if (event === 'pusher:member_removed') {
        const entry = data as Entry;
        const member = present.get(entry.id) ?? memberOf(entry);
        present.delete(entry.id);
        const reason = leaving.delete(keyOf(member)) ? 'left' : 'lost';
        link.presence(channel, { action: 'leave', member, reason });
      } else if (event === 'aw:update') {
        update(data as Update);
      } else if (event === 'aw:left' || event === 'client-aw:left') {
        const { c: clientId, i: instanceId } = data as Update;
        leaving.add(keyOf({ clientId, instanceId, data: null }));
      }
    },
  };
}
