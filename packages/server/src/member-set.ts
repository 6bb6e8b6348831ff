/**
 * The members of one channel, in memory: for engines that keep them in this process.
 *
 * The version begins with a random part, so that a set that was lost with its process is never taken for the next one.
 *
 * @see engine.ts for what each verb promises · engine-clients.ts, its tests
 */
import { randomUUID } from 'node:crypto';
import type { Entered, Member, MemberChange, MemberKey, MemberSet } from './engine.ts';

export class ChannelMembers {
  private readonly byKey: Map<string, Member> = new Map();
  private readonly life: string = randomUUID().slice(-12);
  private changes = 0;

  get size(): number {
    return this.byKey.size;
  }

  get set(): MemberSet {
    return { version: this.version, members: [...this.byKey.values()] };
  }

  /** @returns what became of it, and the change that others hear of, if any. */
  enter(member: Member, maxMembers: number): { entered: Entered; change?: MemberChange } {
    const key = keyOf(member);
    const before = this.byKey.get(key);
    if (!before && this.byKey.size >= maxMembers) return { entered: 'full' };
    this.byKey.set(key, member);
    if (before?.data === member.data) return { entered: 'unchanged' };
    return before
      ? { entered: 'updated', change: this.changed('update', member) }
      : { entered: 'entered', change: this.changed('enter', member) };
  }

  /** The change, if the member was there and `hold`, where given, kept it. */
  leave(member: MemberKey, hold?: string): MemberChange | undefined {
    const key = keyOf(member);
    const before = this.byKey.get(key);
    if (!before || (hold !== undefined && before.hold !== hold)) return undefined;
    this.byKey.delete(key);
    return this.changed('leave', before);
  }

  private get version(): string {
    return `${this.life}:${this.changes}`;
  }

  private changed(action: MemberChange['action'], member: Member): MemberChange {
    this.changes += 1;
    return { action, member, version: this.version };
  }
}

/** Of a channel that nobody has entered. */
export const noMembers: MemberSet = { version: 'none', members: [] };

/** The length keeps two parts of free text apart. */
function keyOf({ clientId, instanceId }: MemberKey): string {
  return `${clientId.length}:${clientId}${instanceId}`;
}
