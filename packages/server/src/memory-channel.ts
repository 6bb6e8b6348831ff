/**
 * One channel in memory: its serials, its ring of finished frames, the ids that it knows, its members.
 *
 * Times never go back within a channel, whatever the machine's clock does, so that expiry and `start`/`end` are a prefix.
 *
 * @see memory.ts for the engine around it · ring.ts · memory.test.ts
 */
import { randomUUID } from 'node:crypto';
import type { Draft, Entry, ReadQuery, Retention, Slice } from './engine.ts';
import { messageFrame, messageHead } from './frame.ts';
import { KnownIds } from './known-ids.ts';
import type { ChannelMembers } from './member-set.ts';
import { Ring } from './ring.ts';

export class MemoryChannel {
  readonly epoch: string = randomUUID().slice(-12);
  subscribed = false;
  /** Since when nobody needs it, in ms since 1970. */
  idleSince: number;
  readonly ring: Ring;
  readonly ids: KnownIds = new KnownIds();
  private readonly ttlMs: number;
  private head = '';
  private serial = 0;
  private id = '';
  private lastTimestamp = 0;
  /** Made for the first one that enters. */
  members: ChannelMembers | undefined = undefined;

  constructor({ size, ttlMs }: Retention, now: number) {
    this.ring = new Ring(size);
    this.ttlMs = ttlMs;
    this.idleSince = now;
  }

  // --- messages ---

  append(channel: string, draft: Draft, now: number): Entry {
    this.head ||= messageHead(channel);
    this.lastTimestamp = Math.max(draft.timestamp, this.lastTimestamp);
    this.serial += 1;
    this.id = draft.id;
    const entry: Entry = {
      serial: this.serial,
      id: draft.id,
      timestamp: this.lastTimestamp,
      frame: messageFrame(this.head, this.serial, draft.tail, draft.payload),
    };
    // It counts the bytes, which makes one piece of a text that else would hold the frame that it was cut from.
    this.ring.push(entry);
    this.ids.add(draft.id, this.serial, draft.timestamp);
    this.idleSince = now;
    return entry;
  }

  read(query: ReadQuery): Slice {
    const { direction, from, limit, maxBytes, start = -Infinity, end = Infinity } = query;
    const step = direction === 'forwards' ? 1 : -1;
    let at =
      step === 1
        ? Math.max((from ?? 0) + 1, this.ring.first)
        : Math.min(from ?? this.serial, this.serial);
    const entries: Entry[] = [];
    let bytes = 0;
    let more = false;
    for (; ; at += step) {
      const entry = this.ring.at(at);
      if (!entry || (step === 1 ? entry.timestamp > end : entry.timestamp < start)) break;
      if (entry.timestamp < start || entry.timestamp > end) continue;
      bytes += entry.frame.bytes;
      more = entries.length >= limit || (entries.length > 0 && bytes > maxBytes);
      if (more) break;
      entries.push(entry);
    }
    const anchorId = from === undefined ? undefined : this.ring.at(from)?.id;
    const { epoch, serial, id, ring } = this;
    const { first } = ring;
    const complete = more && step === -1 ? true : !this.isCutOff(step === 1 ? from : 0, start);
    return { epoch, serial, id, first, entries, more, complete, anchorId };
  }

  /** Whether messages after `from` that are not older than `start` were there, and are not stored any more. */
  private isCutOff(from = 0, start: number): boolean {
    if (from >= this.ring.first - 1) return false;
    const oldest = this.ring.at(this.ring.first);
    return !oldest || oldest.timestamp >= start;
  }

  // --- forgetting ---

  /** Drops what is too old; answers whether nothing is left that somebody may ask for. */
  forget(now: number, windowMs: number): boolean {
    this.ring.expire(now - this.ttlMs);
    this.ids.rotate(now, windowMs);
    const isNeeded =
      this.subscribed || !this.ring.isEmpty || !this.ids.isEmpty || (this.members?.size ?? 0) > 0;
    return !isNeeded && now - this.idleSince >= windowMs;
  }
}
