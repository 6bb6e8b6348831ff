/**
 * Takes over what a page that is gone has left: at once where it is gone already, else as soon as it is. What belongs to
 * another user stays where it is.
 *
 * @see persist-keeper.ts for what is done with it · persist.test.ts
 */
import type { Client } from './context.ts';
import { RealtimeError } from './errors.ts';
import { type Locks, lockName } from './persist-lock.ts';
import { keyOf, parseRecord, type StoredPublish } from './persist-record.ts';
import type { RecordWriter } from './persist-writer.ts';

export interface HeirParts {
  readonly client: Client;
  readonly writer: RecordWriter;
  readonly locks: Locks | undefined;
  readonly ageMs: number;
  /** Who we are now. */
  readonly user: () => string | undefined;
  /** Whether this page has it. */
  readonly has: (key: string) => boolean;
  /** Ours from now on, in the order of the calls. */
  readonly inherit: (records: readonly StoredPublish[]) => void;
}

export class Heir {
  readonly #parts: HeirParts;
  /** Owners that are waited for. */
  readonly #watched = new Set<string>();

  constructor(parts: HeirParts) {
    this.#parts = parts;
  }

  /** @param life waits for no owner when it has fired */
  async takeOver(life: AbortSignal): Promise<void> {
    const { client, writer, locks } = this.#parts;
    const owners = new Set((await this.#read()).map(({ owner }) => owner));
    for (const owner of owners) {
      if (life.aborted || !locks) break;
      if (owner === client.nonce) await this.#take(owner, life);
      else await this.#whenGone(locks, owner, life);
    }
    await writer.flushed();
  }

  async #whenGone(locks: Locks, owner: string, life: AbortSignal): Promise<void> {
    const name = lockName(owner);
    const isGone = await locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await this.#take(owner, life);
      return !!lock;
    });
    if (isGone || this.#watched.has(owner)) return;
    this.#watched.add(owner);
    locks
      .request(name, { signal: life }, () => this.#take(owner, life))
      .catch(() => {}) // closed before
      .finally(() => this.#watched.delete(owner));
  }

  async #take(owner: string, life: AbortSignal): Promise<void> {
    const { client, writer, ageMs, user, inherit } = this.#parts;
    const found = (await this.#read()).filter((record) => record.owner === owner);
    if (life.aborted) return;
    for (const record of found) if (client.now() - record.queuedAt >= ageMs) this.#expire(record);
    const taken = found
      .filter((record) => client.now() - record.queuedAt < ageMs && record.user === user())
      .map((record) => ({ ...record, owner: client.nonce }))
      .sort(byCall);
    for (const record of taken) writer.put(record);
    await writer.flushed();
    // What could not be marked as ours may be taken by another page as well.
    if (!life.aborted) inherit(taken.filter((record) => writer.has(keyOf(record))));
  }

  /** What is not in this page. What it publishes itself is never read back. */
  async #read(): Promise<StoredPublish[]> {
    const { client, writer, has } = this.#parts;
    const own = `${client.nonce}:`;
    const texts = await writer.read((key) => key.startsWith(own) || has(key));
    return texts.map(([key, text]) => this.#parse(key, text)).filter((record) => !!record);
  }

  #parse(key: string, text: string): StoredPublish | undefined {
    try {
      return parseRecord(key, text);
    } catch (cause) {
      this.#parts.writer.drop(key);
      this.#parts.client.report(
        new RealtimeError('storage_failed', `'${key}' was unreadable, and is removed`, { cause }),
      );
      return undefined;
    }
  }

  #expire(record: StoredPublish): void {
    const { client, writer, user } = this.#parts;
    const { event, channel, writtenAt } = record;
    writer.drop(keyOf(record));
    const code = writtenAt === undefined ? 'expired' : 'outcome_unknown';
    const what = record.user === user() ? `'${event}' to '${channel}'` : 'what another user left';
    client.report(new RealtimeError(code, `${what} has waited too long for a page`));
  }
}

/** Those of one client by their counter: a tick has several. */
const byCall = (a: StoredPublish, b: StoredPublish): number =>
  a.queuedAt - b.queuedAt || Number(a.id.split(':')[1]) - Number(b.id.split(':')[1]);
