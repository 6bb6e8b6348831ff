/**
 * Reads and writes records: one thing at a time, the changes of one tick together, each within its time, and only while the
 * lock is ours. Knows what the store may hold.
 *
 * A write that fails is reported, and what it was for lives on in memory; a store that does not answer is not asked again.
 *
 * @see persist.test.ts
 */
import type { Client } from './context.ts';
import { RealtimeError } from './errors.ts';
import type { OwnLock } from './persist-lock.ts';
import { keyOf, type StoredPublish } from './persist-record.ts';
import type { RecordStore } from './persist-stores.ts';

type Changes = ReadonlyMap<string, StoredPublish | undefined>;

export class RecordWriter {
  readonly #client: Client;
  readonly #store: RecordStore;
  readonly #lock: OwnLock | undefined;
  readonly #timeoutMs: number;
  /** Ends with the newest job. */
  #jobs: Promise<unknown> = Promise.resolve();
  /** To be written. */
  #next = new Map<string, StoredPublish | undefined>();
  #isQueued = false;
  /** Being written. */
  #now: Changes = new Map();
  /** What the store holds of ours. */
  readonly #kept = new Map<string, StoredPublish>();
  /** It does not answer, or holds what is out of date: it is not asked again. */
  #isBroken = false;
  /** The app knows that it fails. */
  #isTold = false;

  constructor(client: Client, store: RecordStore, lock: OwnLock | undefined, timeoutMs: number) {
    this.#client = client;
    this.#store = store;
    this.#lock = lock;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether it is kept for sure. */
  has(key: string): boolean {
    return this.#kept.has(key);
  }

  put(record: StoredPublish): void {
    this.#change(keyOf(record), record);
  }

  remove(key: string): void {
    if (this.#kept.has(key) || this.#now.has(key)) this.#change(key, undefined);
    else this.#next.delete(key); // it was never on its way
  }

  /** Removes what we have not written. */
  drop(key: string): void {
    this.#change(key, undefined);
  }

  /**
   * Notes that `record` is handed over now. False while the store may still say that it never was: after a crash it would
   * be sent as if it were new.
   */
  mark(record: StoredPublish): boolean {
    const key = keyOf(record);
    const newest = this.#next.get(key) ?? this.#now.get(key) ?? this.#kept.get(key);
    if (newest?.writtenAt === undefined) this.put(record);
    const isStale = (changes: Changes): boolean =>
      changes.has(key) && changes.get(key)?.writtenAt === undefined;
    return this.#isBroken || !(isStale(this.#now) || isStale(this.#kept));
  }

  /** Everything is written, or has failed; the lock is free where nothing is kept. */
  async flushed(): Promise<void> {
    this.#flushSoon();
    await this.#jobs;
  }

  /** What is kept and no concern of this page, key and text; nothing where that fails. */
  async read(isOurs: (key: string) => boolean): Promise<readonly (readonly [string, string])[]> {
    let found: (readonly [string, string])[] = [];
    await this.#enqueue(() =>
      this.#try(async () => {
        const all = [...(await this.#store.read())];
        // Also what was read just before it is removed.
        found = all.filter(([key]) => !this.#next.has(key) && !isOurs(key));
      }),
    );
    return found;
  }

  /** Lets others have what is kept. */
  async stop(): Promise<void> {
    await this.flushed();
    this.#kept.clear();
    this.#isBroken = false;
    this.#lock?.release();
  }

  // --- jobs ---

  /** Begins in a microtask at the earliest: the outbox, which may mark what is new, comes before. */
  #enqueue(job: () => Promise<unknown>): Promise<unknown> {
    return (this.#jobs = this.#jobs.then(job));
  }

  #change(key: string, record: StoredPublish | undefined): void {
    this.#next.set(key, record);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    void this.#enqueue(() => this.#flush());
  }

  async #flush(): Promise<void> {
    this.#isQueued = false;
    const changes = (this.#now = this.#next);
    this.#next = new Map();
    if (changes.size > 0 && !(await this.#write(changes))) await this.#undo(changes);
    this.#now = new Map();
    if (this.#kept.size + this.#next.size === 0 && !this.#isBroken) this.#lock?.release();
    this.#client.outbox.flushSoon();
  }

  async #write(changes: Changes): Promise<boolean> {
    const texts = [...changes].map(
      ([key, record]) => [key, record && JSON.stringify(record)] as const,
    );
    const isDone = await this.#try(() => this.#store.write(new Map(texts)));
    if (!isDone) return false;
    for (const [key, record] of changes)
      if (record) this.#kept.set(key, record);
      else this.#kept.delete(key);
    if (this.#kept.size > 0) this.#isTold = false;
    return true;
  }

  /** What the store holds of these is out of date. */
  async #undo(changes: Changes): Promise<void> {
    const stale = [...changes].filter(([key, record]) => !record || this.#kept.has(key));
    if (stale.length === 0) return;
    const isDone = await this.#write(new Map(stale.map(([key]) => [key, undefined])));
    this.#isBroken ||= !isDone;
  }

  /** False when it failed, which is reported. */
  async #try(fn: () => void | Promise<void>): Promise<boolean> {
    if (this.#isBroken) return false;
    const lock = this.#lock;
    const run = async (): Promise<void> => {
      if (!lock) throw new RealtimeError('unsupported', 'there are no Web Locks here');
      await lock.acquire();
      await fn();
    };
    try {
      await this.#client.within('the store of the outbox', [], run, this.#timeoutMs);
      return true;
    } catch (cause) {
      this.#isBroken = !lock || RealtimeError.is(cause, 'timeout');
      const text = 'the outbox is not kept over a reload';
      if (!this.#isTold) this.#client.report(new RealtimeError('storage_failed', text, { cause }));
      this.#isTold = true;
      return false;
    }
  }
}
