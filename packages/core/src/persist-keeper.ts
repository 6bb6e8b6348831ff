/**
 * What an outbox that outlives its page does: keeps a record of each publish until it has settled, and decides what of an
 * earlier page's may be sent.
 *
 * When something is written is up to `persist-writer.ts`, what is taken over to `persist-heir.ts`, the order of sending
 * to `outbox.ts`.
 *
 * @see docs/semantics.md#after-a-reload · persist.test.ts
 */
import type { ConnectionState } from './api.ts';
import type { ChannelCore } from './channel.ts';
import type { OutboxEntry, Receipt } from './channel-api.ts';
import type { Client } from './context.ts';
import { RealtimeError } from './errors.ts';
import type { Entry, EntryName, Keeper, OpenKeeper } from './outbox-entry.ts';
import { Failed } from './persist-failed.ts';
import { Heir } from './persist-heir.ts';
import type { Locks } from './persist-lock.ts';
import {
  anew,
  keyOf,
  mayKeepId,
  nameOf,
  type StoredPublish,
  toDraft,
  toRecord,
  whyNotSent,
} from './persist-record.ts';
import type { RecordWriter } from './persist-writer.ts';
import { copyOwn } from './publish.ts';

export interface KeeperParts {
  readonly client: Client;
  readonly open: Parameters<OpenKeeper>[1];
  readonly writer: RecordWriter;
  readonly locks: Locks | undefined;
  readonly scope: string | undefined;
  readonly ageMs: number;
  readonly timeoutMs: number;
}

export class OutboxKeeper implements Keeper {
  readonly ageMs: number;
  readonly #parts: KeeperParts;
  readonly #heir: Heir;
  /** What is in the outbox. */
  readonly #entries = new Map<string, Entry>();
  readonly #failed: Failed;
  #lastUser: string | undefined;
  /** From the first connect to `close()`. */
  #life: AbortController | undefined;
  /** One after the other: what is taken over, and the end. */
  #queue: Promise<void> = Promise.resolve();
  #loading = 0;

  constructor(parts: KeeperParts) {
    const { client, ageMs } = parts;
    this.#parts = parts;
    this.ageMs = ageMs;
    this.#failed = new Failed(parts.writer);
    this.#heir = new Heir({
      ...parts,
      user: () => this.#user,
      has: (key) => this.#entries.has(key) || this.failed.has(key),
      inherit: (records) => this.#inherit(records),
    });
    client.connection.state.subscribe((state) => this.#connectionChanged(state));
  }

  // --- what the outbox tells ---

  changed(entry: Entry): void {
    this.#entries.set(keyOf(nameOf(entry)), entry);
    this.#parts.writer.put(this.#toRecord(entry));
  }

  settled(entry: Entry, result: Receipt | RealtimeError): void {
    const key = keyOf(nameOf(entry));
    const { client, writer } = this.#parts;
    const { restoredFor, attachment } = entry;
    this.#entries.delete(key);
    if (!restoredFor || !(result instanceof Error) || result.code === 'aborted') {
      writer.remove(key);
      // With extras it is what interceptors made of the data.
      if (restoredFor && !(result instanceof Error) && !entry.extras)
        copyOwn(attachment, entry, result);
    } else if (restoredFor.user === this.#user && !client.outbox.unavailable) {
      this.#failed.add(this.#toRecord(entry), result);
    } // else its time will come: for that user, or with the next connection
  }

  ready(entries: Entry[]): Entry[] {
    if (this.#loading > 0) return [];
    const { writer, client } = this.#parts;
    const { length } = entries.filter((entry) => {
      if (!this.#hasId(entry)) return false;
      const record = this.#toRecord(entry);
      return writer.mark({ ...record, writtenAt: record.writtenAt ?? client.now() });
    });
    return length === entries.length ? entries : [];
  }

  get failed(): ReadonlyMap<string, OutboxEntry> {
    return this.#failed.views;
  }

  retry(name: EntryName): void {
    const record = this.#failed.take(keyOf(name));
    if (record) this.#add(anew(record, this.#parts.client.now()));
  }

  discard(name: EntryName): void {
    const { client, writer } = this.#parts;
    if (!this.#failed.take(keyOf(name))) return;
    writer.remove(keyOf(name));
    client.outbox.entries.changed();
  }

  // --- who we are, and when ---

  get #user(): string | undefined {
    const { scope, client } = this.#parts;
    return scope ?? client.connection.clientId ?? client.clientId;
  }

  #connectionChanged(state: ConnectionState): void {
    if (state === 'idle') return;
    if (state === 'closed') return this.#stop();
    const isFirst = !this.#life;
    this.#life ??= new AbortController();
    // Who we are may be known only when the service has said it.
    if (state === 'connected' || (isFirst && this.#user !== undefined))
      this.#load(this.#life.signal);
  }

  #load(life: AbortSignal): void {
    this.#loading++;
    this.#sortOut();
    const { client, timeoutMs } = this.#parts;
    this.#queue = this.#queue.then(async () => {
      // What is new here waits for it, but not for ever.
      await client
        .within('the store of the outbox', [], () => this.#heir.takeOver(life), 5 * timeoutMs)
        .catch((cause: unknown) => this.#report('an earlier page is not taken over', cause));
      this.#loading--;
      client.outbox.flushSoon();
    });
  }

  #stop(): void {
    this.#life?.abort();
    this.#life = undefined;
    this.#failed.leave();
    this.#parts.client.outbox.entries.changed();
    this.#queue = this.#queue.then(() => this.#parts.writer.stop());
  }

  /** Somebody else may be signed in now. */
  #sortOut(): void {
    const user = this.#user;
    if (user === this.#lastUser) return;
    this.#lastUser = user;
    for (const entry of this.#entries.values())
      if (!entry.restoredFor) this.changed(entry);
      else if (entry.restoredFor.user !== user)
        entry.settle(new RealtimeError('detached', 'of another user'));
    this.#failed.leave({ id: user });
    this.#parts.client.outbox.entries.changed();
  }

  // --- what an earlier page left ---

  #toRecord(entry: Entry): StoredPublish {
    const { restoredFor } = entry;
    const user = restoredFor ? restoredFor.user : this.#user;
    return toRecord(entry, this.#parts.client.nonce, user);
  }

  /** What an earlier page left comes before everything that waits here. */
  #inherit(records: readonly StoredPublish[]): void {
    const { queue, entries } = this.#parts.client.outbox;
    const later = [...queue.all];
    for (const record of records) if (this.#mayWait(record)) this.#add(record);
    for (const entry of later) if (queue.delete(entry)) queue.add(entry);
    queue.expire();
    entries.changed();
  }

  #add(record: StoredPublish): void {
    const { outbox } = this.#parts.client;
    outbox.add(toDraft(record, this.#open(record))).catch((error: RealtimeError) => {
      // `settled` was told of all others.
      if (error.code !== 'outbox_full' || this.failed.has(keyOf(record))) return;
      this.#failed.add(record, error);
      outbox.entries.changed();
    });
  }

  /** Whether it is sent without asking the app. */
  #mayWait(record: StoredPublish): boolean {
    const { client, writer } = this.#parts;
    const { channel, event } = record;
    try {
      const { capabilities } = this.#open(record);
      const code = whyNotSent(record, capabilities, client.now());
      const error = code && new RealtimeError(code, `'${event}' is of an earlier page`);
      if (error) this.#failed.add(record, error);
      else if (this.#isReplaced(record)) writer.drop(keyOf(record));
      else return true;
    } catch (cause) {
      writer.drop(keyOf(record));
      this.#report(`'${event}' was for '${channel}', which is no channel any more`, cause);
    }
    return false;
  }

  #open({ channel, echo }: StoredPublish): ChannelCore {
    return this.#parts.open(channel, echo);
  }

  /** This page has published with its key meanwhile. */
  #isReplaced({ key, channel }: StoredPublish): boolean {
    const isNewer = (entry: Entry): boolean =>
      entry.key === key && entry.attachment.name === channel;
    return key !== undefined && [...this.#entries.values()].some(isNewer);
  }

  /** False when it cannot be sent any more. */
  #hasId(entry: Entry): boolean {
    const { client, writer } = this.#parts;
    if (mayKeepId(client, entry)) return true;
    if (entry.writtenAt !== Infinity) {
      entry.settle(new RealtimeError('outcome_unknown', 'written before a reload'));
      client.outbox.flushSoon();
      return false;
    }
    // The backend takes no ids of an earlier client, and has not seen this one.
    const key = keyOf(nameOf(entry));
    this.#entries.delete(key);
    writer.remove(key);
    entry.id = entry.attachment.nextId();
    this.changed(entry);
    client.outbox.entries.changed();
    return true;
  }

  #report(text: string, cause: unknown): void {
    this.#parts.client.report(new RealtimeError('storage_failed', text, { cause }));
  }
}
