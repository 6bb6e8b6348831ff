/**
 * What is in the outbox, in the order of the calls, and its bounds: how many, how large, how old.
 *
 * @see docs/semantics.md#outbox · outbox.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { Client } from './context.ts';
import { RealtimeError } from './errors.ts';
import { type Entry, fail } from './outbox-entry.ts';

export class OutboxQueue {
  /** In order of the calls; and the same for each channel that has any. */
  readonly all: Set<Entry> = new Set();
  readonly channels: Map<Attachment, Set<Entry>> = new Map();

  readonly #client: Client;
  /** One timer, for the oldest. */
  #cancel: (() => void) | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  get #ageMs(): number {
    return this.#client.outbox.keeper?.ageMs ?? this.#client.outboxAgeMs;
  }

  add(entry: Entry): void {
    const queue = this.channels.get(entry.attachment) ?? new Set();
    this.channels.set(entry.attachment, queue.add(entry));
    this.all.add(entry);
    this.#cancel ??= this.#client.schedule(() => this.expire(), this.#ageMs);
  }

  delete(entry: Entry): boolean {
    const queue = this.channels.get(entry.attachment);
    if (!queue?.delete(entry)) return false;
    if (queue.size === 0) this.channels.delete(entry.attachment);
    this.all.delete(entry);
    if (this.all.size === 0) this.#stop();
    return true;
  }

  /** What is never sent once `newest` is in: of the same key, and it never left. */
  outdated({ attachment, key }: Entry): Entry | undefined {
    if (key === undefined) return undefined;
    const queue = this.channels.get(attachment) ?? [];
    return [...queue].find((entry) => entry.key === key && entry.attempts === 0);
  }

  /** What waits for a connection is bounded. @throws {RealtimeError} outbox_full */
  makeRoom({ bytes: own }: Entry, outdated: Entry | undefined): void {
    const { connection, outboxBytes, outboxMessages, outboxOverflow } = this.#client;
    if (connection.session) return;
    const waiting = [...this.all].filter((entry) => entry !== outdated);
    let bytes = waiting.reduce((sum, entry) => sum + entry.bytes, own);
    while (waiting.length >= outboxMessages || bytes > outboxBytes) {
      const oldest = waiting.shift();
      const full = new RealtimeError('outbox_full', `${this.all.size} publishes wait`);
      if (!oldest || outboxOverflow === 'reject-new' || own > outboxBytes) throw full;
      bytes -= oldest.bytes;
      fail(oldest, full);
    }
  }

  /** Ends what is too old, and waits for the next. */
  expire(): void {
    this.#stop();
    const waits = [...this.all]
      .filter((entry) => !this.isTooOld(entry))
      .map(({ queuedAt }) => queuedAt + this.#ageMs - this.#client.now())
      .filter((ms) => ms > 0); // what is written now is looked at when it waits again
    if (waits.length > 0)
      this.#cancel = this.#client.schedule(() => this.expire(), Math.min(...waits));
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Ends a publish that has waited too long, or longer than the backend remembers its id. */
  isTooOld(entry: Entry): boolean {
    const { state, queuedAt, writtenAt, attachment } = entry;
    const now = this.#client.now();
    const isTooOld =
      state === 'waiting' &&
      (now - queuedAt >= this.#ageMs ||
        now - writtenAt >= attachment.capabilities.idempotencyWindowMs);
    if (isTooOld) {
      const text = `not sent within ${now - queuedAt} ms`;
      fail(entry, new RealtimeError('expired', text, { cause: this.#client.connection.error }));
    }
    return isTooOld;
  }
}
