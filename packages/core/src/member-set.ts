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
  #members = new Map<string, Member>();
  /** Members that a running sync has not named yet. */
  #unnamed: Set<string> | undefined;
  #synced = false;

  get synced(): boolean {
    return this.#synced;
  }

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
    this.#unnamed = undefined;
    this.#synced = false;
  }

  /** The edges that `change` makes. */
  apply(change: PresenceChange): PresenceEdge[] {
    switch (change.action) {
      case 'sync-start':
        this.#unnamed = new Set(this.#members.keys());
        return [];
      case 'sync-end':
        return this.#endSync();
      case 'leave':
        return this.#remove(keyOf(change.member));
      default:
        return this.#put(change.member);
    }
  }

  #put(member: MemberInfo): PresenceEdge[] {
    const key = keyOf(member);
    const before = this.#members.get(key);
    this.#unnamed?.delete(key);
    this.#members.set(key, member);
    if (!before) return [{ action: 'enter', member }];
    return sameData(before.data, member.data) ? [] : [{ action: 'update', member }];
  }

  #remove(key: string): PresenceEdge[] {
    const member = this.#members.get(key);
    if (!member) return [];
    this.#members.delete(key);
    this.#unnamed?.delete(key);
    return [{ action: 'leave', member }];
  }

  #endSync(): PresenceEdge[] {
    const gone = [...(this.#unnamed ?? [])].flatMap((key) => this.#remove(key));
    this.#unnamed = undefined;
    this.#synced = true;
    return gone;
  }
}
