/**
 * The messages of one channel of the memory hub: serials, the ring that history and resume read, and the
 * ids that were seen. Pure; who gets a message is decided in `memory-hub.ts`.
 *
 * A cursor is `epoch:serial:id`. The id shows a store that lost its end and counted on from there.
 *
 * @see memory-log.test.ts
 */
import type { Cursor, HistoryQuery, Outbound, Sender } from './contract.ts';
import { RealtimeError } from './errors.ts';

/** A message as it is kept: its data as text or bytes of its own, so that no two clients share an object. */
export interface Entry {
  readonly serial: number;
  readonly id: string | undefined;
  readonly event: string;
  /** JSON text, or bytes. */
  readonly data: string | Uint8Array;
  /** JSON text. */
  readonly extras: string | undefined;
  readonly sequence: number | undefined;
  readonly sender: Sender;
  readonly timestamp: number;
}

/** What of a message is kept. */
export function said(
  message: Pick<Outbound, 'event' | 'data' | 'json' | 'extras' | 'sequence'>,
): Pick<Entry, 'event' | 'data' | 'extras' | 'sequence'> {
  const { event, data, json, extras, sequence } = message;
  return {
    event,
    data: json ?? new Uint8Array(data as Uint8Array),
    extras: extras && JSON.stringify(extras),
    sequence,
  };
}

/** A page of entries. @see HistoryPage */
export interface EntryPage {
  readonly entries: readonly Entry[];
  readonly next: Cursor | undefined;
  readonly complete: boolean;
}

export interface Log {
  /** The serial of the last message; 0 before the first. */
  readonly serial: number;
  /** Keeps a message, or finds the earlier one with its id. */
  append(message: Omit<Entry, 'serial'>): { entry: Entry; duplicate: boolean };
  /** The position just after the message `serial`. */
  cursor(serial: number): Cursor;
  /** What came after `cursor`, or the reason why that cannot be told. */
  after(cursor: Cursor): readonly Entry[] | string;
  /** The last `count` messages, oldest first. */
  last(count: number): readonly Entry[];
  /** @param attachedAt - the serial that `from: 'attach'` means */
  page(query: HistoryQuery, attachedAt: number | undefined): EntryPage;
}

/** An empty log that keeps the last `size` messages, and ids for `idWindowMs`. */
export function createLog(epoch: string, size: number, idWindowMs: number): Log {
  const ring: Entry[] = [];
  const seen = new Map<string, Entry>(); // in order of arrival
  let serial = 0;

  const oldest = (): number => serial - ring.length + 1;
  const at = (wanted: number): Entry | undefined => ring[wanted - oldest()];
  const cursor = (wanted: number): Cursor => `${epoch}:${wanted}:${at(wanted)?.id ?? ''}`;

  /** The serial of a cursor, or why it means nothing here. */
  function locate(text: Cursor): number | string {
    const [ofEpoch, digits, ...id] = text.split(':');
    const wanted = Number(digits);
    if (ofEpoch !== epoch || !Number.isInteger(wanted)) return 'the epoch is gone';
    if (wanted > serial) return 'the position is in the future';
    const known = at(wanted)?.id;
    return known === undefined || id.join(':') === known ? wanted : 'the history was rewritten';
  }

  function forgetIds(nowMs: number): void {
    for (const [id, { timestamp }] of seen) {
      if (nowMs - timestamp <= idWindowMs) return;
      seen.delete(id);
    }
  }

  function page(query: HistoryQuery, attachedAt: number | undefined): EntryPage {
    const backwards = query.direction === 'backwards';
    const from = query.from === 'attach' ? attachedAt : query.from && locate(query.from);
    if (query.from === 'attach' && from === undefined)
      throw new RealtimeError('invalid', "history from 'attach' needs an attached channel");
    if (typeof from === 'string') throw new RealtimeError('history_expired', from);
    const { start = -Infinity, end = Infinity, limit } = query;
    const inTime = ring.filter(({ timestamp }) => timestamp >= start && timestamp <= end);
    const matching = backwards
      ? inTime.filter((entry) => entry.serial <= (from ?? Infinity)).reverse()
      : inTime.filter((entry) => entry.serial > (from ?? 0));
    const entries = matching.slice(0, limit);
    const more = matching[limit];
    const edge = backwards ? more : entries.at(-1);
    // Retention cut off the far end of a backwards query, or the near end of a forwards one.
    const cut = oldest() > 1 && !(start > (ring[0]?.timestamp ?? Infinity));
    const asked = backwards ? !more : (from ?? 0) + 1 < oldest();
    return { entries, next: more && edge && cursor(edge.serial), complete: !(cut && asked) };
  }

  return {
    get serial() {
      return serial;
    },
    append(message) {
      forgetIds(message.timestamp);
      const earlier = message.id === undefined ? undefined : seen.get(message.id);
      if (earlier) return { entry: earlier, duplicate: true };
      const entry: Entry = { ...message, serial: (serial += 1) };
      ring.push(entry);
      if (ring.length > size) ring.shift();
      if (entry.id !== undefined) seen.set(entry.id, entry);
      return { entry, duplicate: false };
    },
    cursor,
    after(text) {
      const from = locate(text);
      if (typeof from === 'string') return from;
      if (from + 1 < oldest()) return 'the history does not reach back that far';
      return ring.slice(from + 1 - oldest());
    },
    last: (count) => (count > 0 ? ring.slice(-count) : []),
    page,
  };
}
