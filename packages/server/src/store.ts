/**
 * `@anywire/server/store`: what an engine keeps of messages, without connections: serials, history, ids, and who owns a nonce. For
 * backends that broadcast through a service and keep history themselves.
 *
 * `memory()` and `sqlite(…)` are the stores that there are.
 *
 * @see engine.ts for the contract · docs/decisions/0018-backend-kit.md
 * @module
 */
import { RealtimeError } from '@anywire/core/errors';
import { formatCursor, type MessageFrame } from '@anywire/protocol';
import { messageOf, type HistoryQuery, type StoredMessage } from './backend-history.ts';
import { systemClock, type Clock } from './clock.ts';
import { contentOf } from './content.ts';
import type { Engine, Retention } from './engine.ts';
import { besideText, messageTail, senderText } from './frame.ts';
import { readPage } from './history.ts';
import { logOf, type Log, type Logger } from './log.ts';
import type { Extras } from './publish-backend.ts';

export type { Clock } from './clock.ts';
export type { Engine, Retention } from './engine.ts';
export type { Log, Logger } from './log.ts';
export type { HistoryQuery } from './backend-history.ts';
export { memory, type MemoryOptions } from './memory.ts';

/** A message that wants a serial. */
export interface NewMessage {
  /** The same for every try; unique in its channel. */
  readonly id: string;
  readonly event: string;
  /** A JSON value, or a `Uint8Array`. */
  readonly data: unknown;
  readonly clientId?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly extras?: Extras | undefined;
  /** The sender's wire sequence in this channel. */
  readonly sequence?: number | undefined;
}

/** Where a message is kept. */
export interface KeptAt {
  readonly serial: number;
  /** The position just after it. */
  readonly cursor: string;
  /** ms since 1970; of the earlier try, for a duplicate. */
  readonly timestamp: number;
  /** Its id was known: nothing was stored. */
  readonly duplicate: boolean;
}

/** A stored message, with where it stands. */
export interface KeptMessage extends StoredMessage {
  readonly cursor: string;
  readonly sequence?: number;
}

export interface KeptPage {
  /** In the direction of the query. */
  readonly items: readonly KeptMessage[];
  /** `from` of the next page; absent: this is the last one. */
  readonly next?: string;
  /** False when retention has cut off what the query asked for. */
  readonly complete: boolean;
}

export interface Store {
  /** Messages of one call get their serials in their order. */
  append(channel: string, message: NewMessage): Promise<KeptAt>;
  /** @throws {RealtimeError} invalid, history_expired */
  page(channel: string, query: HistoryQuery): Promise<KeptPage>;
  /** Just after the newest message. */
  position(channel: string): Promise<string>;
  /** Binds a nonce to its owner for a day after the last claim. False when it belongs to somebody else. */
  claim(nonce: string, owners: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** How much is kept of a channel. */
  readonly retention: (channel: string) => Retention;
  readonly log?: Log | Logger;
  readonly clock?: Clock;
  /** Messages of one page. @default 1_000 */
  readonly pageItems?: number;
}

/** What one page may weigh. */
const pageBytes = 1_048_576;

/** Empty channels whose position stays the same, however long nobody publishes. */
const maxWatched = 10_000;
/** Nonces in use; an engine keeps those of the last day besides. */
const maxHeld = 10_000;

/** Opens an engine as a store. It belongs to the store from then on. */
export async function openStore(
  engine: Engine,
  { retention, log, clock = systemClock, pageItems = 1_000 }: StoreOptions,
): Promise<Store> {
  const limits = { historyItems: pageItems, outboundBytes: pageBytes * 4 };
  // Nobody listens here: what is stored goes out through the service.
  const nobody = (): void => {};
  await engine.open({
    ...{ clock, log: logOf(log), retention },
    ...{ message: nobody, volatile: nobody, presence: nobody, reset: nobody },
  });
  const epochs = new Map<string, string>();
  /** Channels that were asked for, the latest last: a client may ask for any name, and an engine keeps what is subscribed. */
  const watched = new Set<string>();
  const held = new Set<string>();
  const unwatchOldest = async (): Promise<void> => {
    const [oldest] = watched;
    if (oldest === undefined) return;
    watched.delete(oldest);
    await engine.unsubscribe(oldest);
  };
  const head = (channel: string): ReturnType<Engine['read']> =>
    engine.read(channel, { direction: 'backwards', limit: 0, maxBytes: pageBytes });

  return {
    async append(channel, message) {
      const { id, event, data, clientId, connectionId, extras, sequence } = message;
      const { payload, isBytes } = contentOf(data, { payloadBytes: pageBytes, depth: 64 });
      const timestamp = clock.now();
      const sender = senderText(connectionId, clientId);
      const beside = besideText({ q: sequence, x: extras } as never, isBytes);
      const tail = messageTail({
        id,
        event,
        sender,
        timestamp,
        beside,
        payload,
        packed: undefined,
      });
      const kept = await engine.append(channel, { id, timestamp, tail });
      // An epoch lasts as long as serials go on.
      let epoch = kept.serial === 1 ? undefined : epochs.get(channel);
      if (epoch === undefined) {
        ({ epoch } = await head(channel));
        if (epochs.size > 10_000) epochs.clear();
        epochs.set(channel, epoch);
      }
      return { ...kept, cursor: formatCursor({ epoch, serial: kept.serial, id }) };
    },
    async page(channel, { limit = 100, direction = 'backwards', from, start, end }) {
      if (!(Number.isSafeInteger(limit) && limit > 0))
        throw new RealtimeError('invalid', '"limit" is 1 or more');
      const query = { limit, direction, from, start, end };
      const { slice, next } = await readPage({ engine, limits }, channel, query);
      const { epoch, entries, complete } = slice;
      const items = entries.map((entry): KeptMessage => {
        const { serial, id } = entry;
        const { q: sequence } = JSON.parse(entry.frame.text) as MessageFrame;
        const more = sequence === undefined ? {} : { sequence };
        return { ...messageOf(entry), ...more, cursor: formatCursor({ epoch, serial, id }) };
      });
      return { items, complete, ...(next === undefined ? {} : { next }) };
    },
    async position(channel) {
      // A channel that nobody has used yet has a position, too: what comes first comes after it.
      if (!watched.delete(channel)) await engine.subscribe(channel);
      watched.add(channel);
      if (watched.size > maxWatched) await unwatchOldest();
      return formatCursor(await head(channel));
    },
    async claim(nonce, owners) {
      if (!(await engine.claim(nonce, owners))) return false;
      // Held on: an engine writes down who owns a nonce when a message shows it, and only while it is in use.
      if (held.delete(nonce)) await engine.release(nonce);
      held.add(nonce);
      const [oldest] = held;
      if (held.size > maxHeld && oldest !== undefined) {
        held.delete(oldest);
        await engine.release(oldest);
      }
      return true;
    },
    close: async () => engine.close(),
  };
}
