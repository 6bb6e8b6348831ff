/**
 * The group commit: what is to be stored in one tick is one transaction, and nothing is told before it is committed.
 *
 * Jobs are done in the order in which they came. A transaction is bounded, so that the loop is never held up for long; what
 * is left waits for the next turn. One that fails changes nothing: its messages are refused, nobody hears of them, and the
 * next one gets their serials.
 *
 * @see sqlite.ts · group.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { Appended, Draft, EngineHost, Entry } from '../engine.ts';
import { messageFrame } from '../frame.ts';
import type { KeptBinding } from '../nonces.ts';
import type { SqliteChannel } from './channel.ts';
import type { Place, Tables } from './tables.ts';

/** Jobs of one transaction, and what they may weigh in UTF-16 units: about 10 ms. */
const maxJobs = 512;
const maxUnits = 1_048_576;
/** Rows that wait to be deleted, so that it is done for many at once, and how many go in one transaction. */
const trimFrom = 64;
export const trimMost = 1_000;

/** What waits for the commit. */
interface Job {
  readonly channel: SqliteChannel;
  /** To be stored; without one, the channel alone has to be in the file. */
  readonly draft?: Draft;
  /** Without it the job is to be done in any case, in its turn. */
  readonly failed?: (error: RealtimeError) => void;
  done(appended: Appended): void;
}

export interface Group {
  /** Stores a message. @throws {RealtimeError} server_error: it could not be stored */
  append(channel: SqliteChannel, draft: Draft): Promise<Appended>;
  /** Puts a channel into the file. @throws {RealtimeError} server_error */
  create(channel: SqliteChannel): Promise<void>;
  /** Does `work` after everything that waits. */
  after<Result>(channel: SqliteChannel, work: () => Result): Promise<Result>;
  /** Writes down to whom a nonce belongs. */
  keepNonce(nonce: string, binding: KeptBinding | undefined): void;
  /** Commits all that waits, now. */
  flush(): void;
}

/** @param windowMs - See `SqliteOptions`. */
export function createGroup(tables: Tables, host: EngineHost, windowMs: number): Group {
  let jobs: Job[] = [];
  const nonces = new Map<string, KeptBinding | undefined>();
  let next: NodeJS.Immediate | undefined;

  const schedule = (): void => void (next ??= setImmediate(commit));

  function add(job: Job): void {
    job.channel.waiting += 1;
    jobs.push(job);
    schedule();
  }

  function commit(): void {
    next = undefined;
    const batch = takeBatch();
    const now = host.clock.now();
    try {
      const stored = tables.transaction(() => store(batch, now));
      settle(batch, stored, now);
    } catch (cause) {
      fail(batch, cause);
    }
    if (jobs.length > 0) schedule();
  }

  function takeBatch(): Job[] {
    let units = 0;
    let count = 0;
    for (; count < jobs.length && count < maxJobs && units < maxUnits; count++)
      units += jobs[count]?.draft?.tail.length ?? 0;
    const batch = jobs.slice(0, count);
    jobs = jobs.slice(count);
    return batch;
  }

  /** Inside the transaction: writes, and answers what is so if it is committed. */
  function store(batch: readonly Job[], now: number): Stored {
    const places = new Map<SqliteChannel, Place>();
    const serials: number[] = [];
    for (const { channel, draft, failed } of batch) {
      let place = places.get(channel) ?? channel.place;
      if (failed && place.key === 0) place = { ...place, key: create(channel, now) };
      if (draft) {
        place = follow(place, draft);
        const { key, serial, time } = place;
        const { id, tail, timestamp } = draft;
        tables.addMessage(key, { serial, id, time, tail });
        tables.addId(key, { serial, id, time: timestamp }, now);
      }
      serials.push(place.serial);
      if (place !== channel.place) places.set(channel, place);
    }
    for (const [channel, place] of places) {
      const trimmed = trim(tables, { ...place, first: leastOf(channel, place) }, trimFrom);
      tables.moveChannel(trimmed);
      places.set(channel, trimmed);
    }
    const kept: Stored['kept'][number][] = [];
    for (const [nonce, binding] of nonces) {
      tables.setNonce(nonce, binding);
      if (kept.push([nonce, binding]) === maxJobs) break;
    }
    return { places, serials, kept };
  }

  function create({ name, epoch, retention }: SqliteChannel, now: number): number {
    return tables.addChannel(name, epoch, now + Math.min(retention.ttlMs, windowMs));
  }

  /** The commit is in the file: first all know it, then all are told. */
  function settle(batch: readonly Job[], { places, serials, kept }: Stored, now: number): void {
    for (const [channel, place] of places) channel.place = place;
    for (const [nonce, binding] of kept) if (nonces.get(nonce) === binding) nonces.delete(nonce);
    if (nonces.size > 0) schedule();
    batch.forEach(({ channel, draft }, at) => {
      channel.waiting -= 1;
      channel.idleSince = now;
      if (!draft) return;
      channel.ids.rotate(now, windowMs);
      channel.ids.add(draft.id, serials[at] ?? 0, draft.timestamp);
      channel.unstored.delete(draft.id);
    });
    batch.forEach(({ channel, draft, done }, at) => {
      const serial = serials[at] ?? 0;
      if (draft && channel.subscribed) tell(channel, draft, serial);
      done({ serial, timestamp: draft?.timestamp ?? 0, duplicate: false });
    });
  }

  function tell({ name, head }: SqliteChannel, draft: Draft, serial: number): void {
    const { id, timestamp, tail, payload } = draft;
    const entry: Entry = {
      serial,
      id,
      timestamp,
      frame: messageFrame(head, serial, tail, payload),
    };
    try {
      host.message(name, entry);
    } catch (error) {
      // The others of the group are stored, and wait for their answers.
      host.log('error', 'a message could not be delivered', { channel: name, error });
    }
  }

  function fail(batch: readonly Job[], cause: unknown): void {
    host.log('error', 'a transaction failed', { jobs: batch.length, error: cause });
    const error = new RealtimeError('server_error', 'the message could not be stored', { cause });
    for (const { channel, draft, failed, done } of batch) {
      channel.waiting -= 1;
      if (draft) channel.unstored.delete(draft.id);
      if (failed) failed(error);
      else done({ serial: 0, timestamp: 0, duplicate: false });
    }
  }

  return {
    append(channel, draft) {
      const appended = new Promise<Appended>((done, failed) => {
        add({ channel, draft, done, failed });
      });
      channel.unstored.set(draft.id, appended);
      return appended;
    },
    create: (channel) =>
      new Promise((resolve, failed) => add({ channel, done: () => resolve(), failed })),
    after: (channel, work) =>
      new Promise((resolve, reject) => {
        add({
          channel,
          done: () => {
            try {
              resolve(work());
            } catch (error) {
              reject(RealtimeError.from(error));
            }
          },
        });
      }),
    keepNonce(nonce, binding) {
      nonces.set(nonce, binding);
      schedule();
    },
    flush() {
      while (next) {
        clearImmediate(next);
        commit();
      }
    },
  };
}

/** What a transaction has written. */
interface Stored {
  readonly places: ReadonlyMap<SqliteChannel, Place>;
  /** For each job the newest serial of its channel. */
  readonly serials: readonly number[];
  readonly kept: readonly [nonce: string, binding: KeptBinding | undefined][];
}

/** The place after one more message. */
function follow(place: Place, { id, timestamp }: Draft): Place {
  return { ...place, serial: place.serial + 1, id, time: Math.max(timestamp, place.time) };
}

function leastOf({ retention }: SqliteChannel, { first, serial }: Place): number {
  return Math.max(first, serial - retention.size + 1);
}

/** Deletes rows that no longer count, when there are `least` of them; all but the last, and not too many at once. */
export function trim(tables: Tables, place: Place, least: number): Place {
  const { key, first, kept } = place;
  const until = Math.min(first - 1, kept + trimMost);
  if (until - kept < least) return place;
  tables.dropMessages(key, kept, until);
  return { ...place, kept: until };
}
