/**
 * What members show since the service has learnt of them: it keeps what a member was signed with.
 *
 * In this process, and bounded: several processes of a backend share it only where requests of one channel go to one of them.
 */
import type { ProviderMember } from './provider.ts';

export interface PresenceUpdates {
  set(channel: string, member: ProviderMember): void;
  /** It was signed anew, or is gone. */
  forget(channel: string, member: Pick<ProviderMember, 'clientId' | 'instanceId'>): void;
  of(channel: string): readonly ProviderMember[];
}

export function createPresenceUpdates(max: number): PresenceUpdates {
  const channels = new Map<string, Map<string, ProviderMember>>();
  let size = 0;
  const nameOf = ({
    clientId,
    instanceId,
  }: Pick<ProviderMember, 'clientId' | 'instanceId'>): string =>
    JSON.stringify([clientId, instanceId]);
  const forget: PresenceUpdates['forget'] = (channel, member) => {
    const members = channels.get(channel);
    if (!members?.delete(nameOf(member))) return;
    size -= 1;
    if (members.size === 0) channels.delete(channel);
  };
  return {
    forget,
    set(channel, member) {
      forget(channel, member);
      let members = channels.get(channel);
      if (!members) channels.set(channel, (members = new Map()));
      members.set(nameOf(member), member);
      size += 1;
      if (size <= max) return;
      const [oldest] = channels;
      if (!oldest) return;
      channels.delete(oldest[0]);
      size -= oldest[1].size;
    },
    of: (channel) => [...(channels.get(channel)?.values() ?? [])],
  };
}
