/**
 * Who is present: turns what a backend reports into edges (enter, update, leave) without repeats, also over a sync.
 *
 * Pure.
 *
 * @see docs/semantics.md#presence · member-set.test.ts
 */
import type { Member, PresenceAction } from './api.ts';
import type { MemberInfo, PresenceChange } from './contract.ts';

export interface PresenceEdge {
  readonly action: PresenceAction;
  readonly member: Member;
}

const keyOf = ({ clientId, instanceId }: MemberInfo): string =>
  JSON.stringify([clientId, instanceId]);

const sameData = (a: unknown, b: unknown): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

export class MemberSet {
  /** Complete as of the last sync. */
  synced = false;
  readonly #members = new Map<string, Member>();
  /** Members that a running sync has not named yet. */
  #unnamed = new Map<string, Member>();

  list(): Member[] {
    return [...this.#members.values()];
  }

  byClient(): Map<string, readonly Member[]> {
    const clients = new Map<string, readonly Member[]>();
    for (const member of this.#members.values())
      clients.set(member.clientId, [...(clients.get(member.clientId) ?? []), member]);
    return clients;
  }

  /** Whether there was anybody. */
  clear(): boolean {
    const { size } = this.#members;
    this.#members.clear();
    this.doubt();
    return size > 0;
  }

  /** The set may be out of date until the next sync. */
  doubt(): void {
    this.#unnamed.clear();
    this.synced = false;
  }

  /** The edges that `change` makes. */
  apply(change: PresenceChange): PresenceEdge[] {
    const { action } = change;
    if (action === 'sync-start') {
      this.#unnamed = new Map(this.#members);
      return [];
    }
    if (action === 'sync-end') {
      const gone = [...this.#unnamed.values()];
      this.synced = true;
      return gone.flatMap((member) => this.apply({ action: 'leave', member }));
    }
    const { member } = change as { member: MemberInfo };
    const key = keyOf(member);
    const before = this.#members.get(key);
    this.#unnamed.delete(key);
    if (action === 'leave') {
      this.#members.delete(key);
      return before ? [{ action, member: before }] : [];
    }
    this.#members.set(key, member);
    if (before && sameData(before.data, member.data)) return [];
    return [{ action: before ? 'update' : 'enter', member }];
  }
}
