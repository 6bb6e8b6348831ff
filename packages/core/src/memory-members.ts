/**
 * Who is present in one channel of the memory hub, and the grace of members whose connection broke.
 *
 * A member is one instance of a client. An instance that comes back replaces itself without a word.
 *
 * @see memory.test.ts
 */
import type { Clock } from './clock.ts';
import { RealtimeError } from './errors.ts';

/** A member, its data as text so that no two clients share an object. */
export interface MemberEntry {
  readonly clientId: string;
  readonly instanceId: string;
  readonly connectionId: string;
  readonly json: string;
}

export interface Members {
  readonly all: () => readonly MemberEntry[];
  /** @throws {RealtimeError} limit_exceeded */
  enter(member: MemberEntry): void;
  /** @throws {RealtimeError} invalid when it is no member */
  update(member: MemberEntry): void;
  /** Ends the membership of an instance, when that connection still holds it. */
  leave(member: Pick<MemberEntry, 'clientId' | 'instanceId' | 'connectionId'>): void;
  /** The connection broke: its members leave after the grace, unless they come back. */
  lose(connectionId: string): void;
  /** Forgets everybody, telling nobody. */
  clear(): void;
}

export interface MembersOptions {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly maxMembers: number;
  readonly tell: (change: MemberChange) => void;
}

/** What the others hear. */
export interface MemberChange {
  readonly action: 'enter' | 'update' | 'leave';
  readonly member: MemberEntry;
  /** Of a leave. */
  readonly reason?: 'left' | 'lost';
}

/** An empty set of members. */
export function createMembers({ clock, graceMs, maxMembers, tell }: MembersOptions): Members {
  const members = new Map<string, MemberEntry>();
  const graces = new Map<string, () => void>();

  const keyOf = ({ clientId, instanceId }: Pick<MemberEntry, 'clientId' | 'instanceId'>): string =>
    JSON.stringify([clientId, instanceId]);

  function set(key: string, member: MemberEntry): void {
    graces.get(key)?.();
    graces.delete(key);
    members.set(key, member);
  }

  function remove(key: string, reason: 'left' | 'lost'): void {
    const member = members.get(key);
    graces.get(key)?.();
    graces.delete(key);
    if (members.delete(key) && member) tell({ action: 'leave', member, reason });
  }

  return {
    all: () => [...members.values()],
    enter(member) {
      const key = keyOf(member);
      const known = members.get(key);
      if (!known && members.size >= maxMembers)
        throw new RealtimeError('limit_exceeded', `a channel has at most ${maxMembers} members`);
      set(key, member);
      if (known?.json !== member.json) tell({ action: known ? 'update' : 'enter', member });
    },
    update(member) {
      const key = keyOf(member);
      if (!members.has(key)) throw new RealtimeError('invalid', 'update without enter');
      set(key, member);
      tell({ action: 'update', member });
    },
    leave(member) {
      const key = keyOf(member);
      if (members.get(key)?.connectionId === member.connectionId) remove(key, 'left');
    },
    lose(connectionId) {
      for (const [key, member] of members) {
        if (member.connectionId !== connectionId) continue;
        if (graceMs === 0) remove(key, 'lost');
        else
          graces.set(
            key,
            clock.schedule(() => remove(key, 'lost'), graceMs),
          );
      }
    },
    clear() {
      for (const cancel of graces.values()) cancel();
      graces.clear();
      members.clear();
    },
  };
}
