/**
 * One channel of a database, as this process holds it: where it stands, the ids that it knows, its members. Its messages are
 * in the file alone.
 *
 * Where it stands is replaced as a whole, after a commit: a commit that fails leaves it as it was.
 *
 * @see sqlite.ts for the engine around it · group.ts, which writes · sqlite.test.ts
 */
import { randomUUID } from 'node:crypto';
import type { Appended, Entry, ReadQuery, Retention, Slice } from '../engine.ts';
import { messageFrame, messageHead } from '../frame.ts';
import { KnownIds } from '../known-ids.ts';
import type { ChannelMembers } from '../member-set.ts';
import type { ChannelRow, Place, Tables } from './tables.ts';

/** Entries of one slice: about 1 ms. */
const maxEntries = 1_000;

const nowhere: Place = { key: 0, serial: 0, id: '', time: 0, first: 1, kept: 1 };

export class SqliteChannel {
  readonly name: string;
  readonly epoch: string;
  /** A message frame up to its serial. */
  readonly head: string;
  readonly retention: Retention;
  readonly ids: KnownIds = new KnownIds();
  place: Place;
  subscribed = false;
  /** Since when nobody needs it, in ms since 1970. */
  idleSince: number;
  /** Jobs of the group that are about it. */
  waiting = 0;
  /** What becomes of the ids that wait to be stored. */
  readonly unstored: Map<string, Promise<Appended>> = new Map();
  /** Made for the first one that enters. */
  members: ChannelMembers | undefined = undefined;
  private readonly tables: Tables;

  /** @param row - In the file; absent for a new channel. */
  constructor(
    tables: Tables,
    name: string,
    row: ChannelRow | undefined,
    retention: Retention,
    now: number,
  ) {
    this.tables = tables;
    this.name = name;
    this.head = messageHead(name);
    this.retention = retention;
    this.idleSince = now;
    this.epoch = row?.epoch ?? randomUUID().slice(-12);
    this.place = row ? { ...row, kept: tables.oldestSerial(row.key) ?? row.serial + 1 } : nowhere;
    // The server may have been away for longer than it keeps a message.
    if (row) this.place = this.without(now);
  }

  get isNeeded(): boolean {
    const { subscribed, waiting, ids, members } = this;
    return subscribed || waiting > 0 || !ids.isEmpty || (members?.size ?? 0) > 0;
  }

  /** Its place when what is too old or too much by `now` no longer counts as stored. */
  without(now: number): Place {
    const { place, retention } = this;
    const least = Math.max(place.first, place.serial - retention.size + 1);
    const first = this.find(least, (time) => time > now - retention.ttlMs);
    return first === place.first ? place : { ...place, first };
  }

  read({ direction, from, limit, maxBytes, start, end }: ReadQuery): Slice {
    const { epoch, place } = this;
    const { key, serial, id, first } = place;
    const isForwards = direction === 'forwards';
    let low = isForwards ? Math.max((from ?? 0) + 1, first) : first;
    let high = isForwards ? serial : Math.min(from ?? serial, serial);
    if (start !== undefined) low = this.find(low, (time) => time >= start);
    if (end !== undefined) high = Math.min(high, this.find(first, (time) => time > end) - 1);

    const entries: Entry[] = [];
    const most = Math.min(limit, maxEntries);
    let bytes = 0;
    if (most > 0 && low <= high)
      for (const row of this.tables.messages(key, low, high, direction)) {
        const frame = messageFrame(this.head, row.serial, row.tail);
        bytes += frame.bytes;
        if (entries.length > 0 && bytes > maxBytes) break;
        entries.push({ serial: row.serial, id: row.id, timestamp: row.time, frame });
        if (entries.length === most) break;
      }
    // Serials have no hole, so where the slice ended says whether more follows.
    const next = entries.at(-1)?.serial ?? (isForwards ? low - 1 : high + 1);
    const more = isForwards ? next < high : next > low;
    const complete = more && !isForwards ? true : !this.isCutOff(isForwards ? from : 0, start);
    const anchorId = from === undefined ? undefined : this.idAt(from);
    return { epoch, serial, id, first, entries, more, complete, anchorId };
  }

  /** Whether messages after `from` that are not older than `start` were there, and are not stored any more. */
  private isCutOff(from = 0, start = -Infinity): boolean {
    const { key, first } = this.place;
    if (from >= first - 1) return false;
    const oldest = this.tables.message(key, first);
    return !oldest || oldest.time >= start;
  }

  /** Also of the message before the first: who resumes from there misses nothing, if it is the one that they saw. */
  private idAt(at: number): string | undefined {
    const { key, serial, id, first } = this.place;
    if (at === serial && at > 0) return id;
    return at >= first - 1 && at < serial ? this.tables.message(key, at)?.id : undefined;
  }

  /** The first serial from `low` on whose time passes `test`; times never go back, so halving finds it. */
  private find(low: number, test: (time: number) => boolean): number {
    const { key, serial, time } = this.place;
    let high = serial + 1;
    if (low >= high || !test(time)) return Math.max(low, high);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = this.tables.message(key, middle);
      // A row that is missing is one of the oldest.
      if (found && test(found.time)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
