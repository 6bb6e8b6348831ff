/**
 * Who is present: turns what a backend reports into edges (enter, update, leave) without repeats, also over a sync, and
 * keeps a member that was lost for its grace.
 *
 * Pure: time is an argument. Snapshots are frozen, and share what has not changed.
 *
 * @see docs/semantics.md#presence · member-set.test.ts
 */
import type { Member, PresenceAction } from './api.ts';
import type { MemberInfo, PresenceChange } from './contract.ts';

export interface PresenceEdge {
  readonly action: PresenceAction;
  readonly member: Member;
  /** The first instance of its client, or the last one. */
  readonly isClient: boolean;
}

interface Entry {
  readonly member: Member;
  /** Its data: an app may change the object that it got. */
  readonly json: string | undefined;
}

const keyOf = ({ clientId, instanceId }: MemberInfo): string =>
  JSON.stringify([clientId, instanceId]);

export class MemberSet {
  /** Complete as of the last sync. */
  synced = false;
  /** Grows with each change of what the snapshots show. */
  revision = 0;
  readonly #entries = new Map<string, Entry>();
  readonly #clients = new Map<string, readonly Member[]>();
  /** Members that a running sync has not named yet. */
  #unnamed = new Set<string>();
  /** Members that were lost, and when they are gone; the oldest first. */
  readonly #lost = new Map<string, number>();

  list(): readonly Member[] {
    return Object.freeze(Array.from(this.#entries.values(), ({ member }) => member));
  }

  byClient(): ReadonlyMap<string, readonly Member[]> {
    return new Map(this.#clients);
  }

  /** How many there are. */
  get size(): { readonly members: number; readonly clients: number } {
    return { members: this.#entries.size, clients: this.#clients.size };
  }

  /** When the first grace ends; not while the set is in doubt, when whoever was lost may be back already. */
  get nextAt(): number | undefined {
    return this.synced && this.#unnamed.size === 0 ? this.#lost.values().next().value : undefined;
  }

  clear(): void {
    if (this.#entries.size > 0) this.revision++;
    this.#entries.clear();
    this.#clients.clear();
    this.#lost.clear();
    this.doubt();
  }

  /** The set may be out of date until the next sync. */
  doubt(): void {
    this.#unnamed.clear();
    this.synced = false;
  }

  /** The edges that `change` makes. A member that did not leave on purpose stays for `graceMs`. */
  apply(change: PresenceChange, now = 0, graceMs = 0): PresenceEdge[] {
    switch (change.action) {
      case 'sync-start':
        this.#unnamed = new Set(this.#entries.keys());
        return [];
      case 'sync-end': {
        const gone = [...this.#unnamed];
        this.doubt();
        this.synced = true;
        const edges = gone.flatMap((key) => this.#leave(key, now, graceMs));
        return [...edges, ...this.expire(now)];
      }
      case 'leave': {
        const key = keyOf(change.member);
        this.#unnamed.delete(key);
        return this.#leave(key, now, change.reason === 'left' ? 0 : graceMs);
      }
      case 'occupancy':
        return [];
      default:
        return this.#enter(change.member);
    }
  }

  /** The edges of those whose grace is over. */
  expire(now: number): PresenceEdge[] {
    if (this.nextAt === undefined) return [];
    const due = [...this.#lost].filter(([, at]) => at <= now);
    return due.flatMap(([key]) => this.#leave(key, now, 0));
  }

  #enter(info: MemberInfo): PresenceEdge[] {
    const key = keyOf(info);
    const before = this.#entries.get(key);
    const json = JSON.stringify(info.data);
    const isSame = before?.json === json;
    this.#unnamed.delete(key);
    this.#lost.delete(key);
    if (before && isSame && before.member.connectionId === info.connectionId) return [];
    const member = Object.freeze({ ...info });
    const { clientId } = member;
    const instances = this.#clients.get(clientId) ?? [];
    this.#entries.set(key, { member, json });
    const next = before
      ? instances.map((other) => (other === before.member ? member : other))
      : [...instances, member];
    this.#clients.set(clientId, Object.freeze(next));
    this.revision++;
    if (before && isSame) return [];
    return [
      { action: before ? 'update' : 'enter', member, isClient: !before && next.length === 1 },
    ];
  }

  #leave(key: string, now: number, graceMs: number): PresenceEdge[] {
    const entry = this.#entries.get(key);
    if (!entry) return [];
    if (graceMs > 0) {
      if (!this.#lost.has(key)) this.#lost.set(key, now + graceMs);
      return [];
    }
    const { member } = entry;
    const rest = (this.#clients.get(member.clientId) ?? []).filter((other) => other !== member);
    this.#entries.delete(key);
    this.#lost.delete(key);
    if (rest.length > 0) this.#clients.set(member.clientId, Object.freeze(rest));
    else this.#clients.delete(member.clientId);
    this.revision++;
    return [{ action: 'leave', member, isClient: rest.length === 0 }];
  }
}
