/**
 * The outbox: every publish from the call to its receipt. Keeps order per channel, bounds what waits, and sends again,
 * by the same id, what a broken connection left unproven.
 *
 * When a connection is there is decided by `connection.ts`; what a publish is, by `publish.ts`.
 *
 * @see docs/semantics.md#outbox · outbox.test.ts
 */
import type { Attachment } from './attachment.ts';
import { backoffMs } from './backoff.ts';
import type { OutboxEntry, Receipt } from './channel-api.ts';
import type { Client } from './context.ts';
import type { PublishOutcome, Session } from './contract.ts';
import { onAbort } from './deadline.ts';
import { RealtimeError } from './errors.ts';
import { type Draft, type Entry, fail, toView } from './outbox-entry.ts';
import { sizeOf } from './payload.ts';
import { toReceipt } from './receipt.ts';
import { derivedStore, type DerivedStore } from './store.ts';

/** An adapter that forgets one leaves us without an answer. */
const nothing = { error: new RealtimeError('timeout', 'no outcome') };

export class Outbox {
  readonly entries: DerivedStore<readonly OutboxEntry[]>;
  /** The highest count that any id has: where the ids of a channel that is new here begin. */
  highest = 0;

  readonly #client: Client;
  /** In order of the calls; and the same for each channel that has any. */
  readonly #entries = new Set<Entry>();
  readonly #queues = new Map<Attachment, Set<Entry>>();
  /** The last wire sequence in each channel, by its name: a channel object may be collected while the client goes on. */
  readonly #sequences = new Map<string, number>();
  #isScheduled = false;
  #failures = 0;
  /** The rates allow one more. */
  readonly #retry = (): void => this.#flush();
  /** Ends the wait after a passing refusal. */
  #endPause: (() => void) | undefined;
  /** One timer, for the oldest. */
  #cancelExpiry: (() => void) | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.entries = derivedStore(() => [...this.#entries].map(toView), client.onThrow);
  }

  /** Takes a publish in; it leaves by its receipt or its error. @throws {RealtimeError} outbox_full · aborted … */
  add(draft: Draft, signal?: AbortSignal): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const entry: Entry = {
        ...draft,
        queuedAt: this.#client.now(),
        bytes: sizeOf(draft),
        state: 'waiting',
        attempts: 0,
        writtenAt: Infinity,
        earlierAt: Infinity,
        settle: (result) => {
          if (!this.#leave(entry)) return;
          stop();
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      const { attachment } = entry;
      const older = this.#replaced(entry);
      this.#makeRoom(entry, older);
      older?.settle(toReceipt(older.id, 0, { level: 'none' }));
      this.#enter(entry);
      // A channel that is refused for good sends nothing.
      const life = attachment.capabilities.publish.needsAttach ? attachment.life : undefined;
      stop = onAbort([signal, life], 'publish', (error) => fail(entry, error));
    });
  }

  #enter(entry: Entry): void {
    const { attachment } = entry;
    const queue = this.#queues.get(attachment) ?? new Set();
    this.#queues.set(attachment, queue.add(entry));
    this.#entries.add(entry);
    this.#cancelExpiry ??= this.#client.schedule(() => this.#expire(), this.#client.outboxAgeMs);
    if (attachment.capabilities.publish.needsAttach) attachment.hold(entry);
    this.entries.changed();
    this.flushSoon();
  }

  #leave(entry: Entry): boolean {
    const { attachment } = entry;
    const queue = this.#queues.get(attachment);
    if (!queue?.delete(entry)) return false;
    if (queue.size === 0) this.#queues.delete(attachment);
    this.#entries.delete(entry);
    if (this.#entries.size === 0) this.#stopExpiry();
    attachment.release(entry);
    this.entries.changed();
    return true;
  }

  /** The one that never left, and is out of date now. */
  #replaced({ attachment, key }: Entry): Entry | undefined {
    if (key === undefined) return undefined;
    const queue = this.#queues.get(attachment) ?? [];
    return [...queue].find((entry) => entry.key === key && entry.attempts === 0);
  }

  /** Everything of one tick travels together. */
  flushSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** It came, broke or ended: what was written is unproven again, and goes first. */
  connectionChanged(): void {
    const error = this.#client.connection.unavailable;
    this.#client.rates.forget(this.#retry);
    this.#resume();
    for (const entry of this.#entries) {
      if (error) fail(entry, error);
      else this.#requeue(entry);
    }
    this.flushSoon();
  }

  // --- sending ---

  /** What may be written now, in order, at most `inFlight` unproven for each channel. */
  #flush(): void {
    const { session } = this.#client.connection;
    if (!session || this.#endPause) return;
    for (const [attachment, queue] of this.#queues) {
      const { inFlight, maxBatch } = attachment.capabilities.publish;
      const first: Entry[] = [];
      for (const entry of queue) if (!this.#isTooOld(entry) && first.push(entry) >= inFlight) break;
      const waiting = first.filter(({ state }) => state === 'waiting');
      while (attachment.canPublish && waiting.length > 0) {
        const most = Math.min(waiting.length, maxBatch);
        const granted = this.#client.rates.take(attachment, ['publish'], most, this.#retry);
        if (granted === 0) break;
        void this.#send(session, attachment, waiting.splice(0, granted));
      }
    }
  }

  async #send(session: Session, { name }: Attachment, batch: readonly Entry[]): Promise<void> {
    const { broken } = this.#client.connection;
    for (const entry of batch) {
      entry.state = 'written';
      entry.attempts++;
      entry.earlierAt = entry.writtenAt;
      entry.writtenAt = Math.min(entry.writtenAt, this.#client.now());
      if (entry.key === undefined) entry.sequence ??= this.#nextSequence(name);
    }
    this.entries.changed();
    let outcomes: readonly PublishOutcome[];
    try {
      outcomes = await this.#client.within(`publish to '${name}'`, [broken], (signal) =>
        session.publish(name, batch, signal),
      );
    } catch (error) {
      if (broken.aborted) return; // the batch was put back already
      this.#client.connection.doubt();
      // This is no refusal: each may have been stored.
      for (const entry of batch) entry.earlierAt = entry.writtenAt;
      outcomes = batch.map(() => ({ error: error as RealtimeError }));
    }
    batch.forEach((entry, index) => this.#answered(entry, outcomes[index]));
    this.flushSoon();
  }

  #nextSequence(channel: string): number {
    const next = (this.#sequences.get(channel) ?? 0) + 1;
    this.#sequences.set(channel, next);
    return next;
  }

  #answered(entry: Entry, outcome: PublishOutcome = nothing): void {
    if ('error' in outcome) {
      const { error, retryAfterMs = 0 } = outcome;
      const isUnknown = error.code === 'timeout';
      // A refusal says nothing of earlier tries, unless it is final.
      if (!isUnknown) entry.writtenAt = error.retryable ? entry.earlierAt : Infinity;
      if (isUnknown || !error.retryable) return fail(entry, error);
      this.#requeue(entry);
      this.#pause(retryAfterMs);
    } else {
      this.#failures = 0;
      entry.settle(toReceipt(entry.id, entry.attempts, outcome));
    }
  }

  /** A passing refusal: nothing is sent for a while, then from the first unproven publish on. */
  #pause(retryAfterMs: number): void {
    this.#endPause ??= this.#client.schedule(
      () => {
        this.#resume();
        this.#flush();
      },
      retryAfterMs + backoffMs(this.#failures++, this.#client),
    );
  }

  #resume(): void {
    this.#endPause?.();
    this.#endPause = undefined;
  }

  #requeue(entry: Entry): void {
    if (entry.state === 'waiting') return;
    entry.state = 'waiting';
    if (!this.#isTooOld(entry)) this.entries.changed();
  }

  // --- bounds ---

  /** What waits for a connection is bounded. @throws {RealtimeError} outbox_full */
  #makeRoom({ bytes: own }: Entry, older: Entry | undefined): void {
    const { connection, outboxBytes, outboxMessages, outboxOverflow } = this.#client;
    if (connection.session) return;
    const waiting = [...this.#entries].filter((entry) => entry !== older);
    let bytes = waiting.reduce((sum, entry) => sum + entry.bytes, own);
    while (waiting.length >= outboxMessages || bytes > outboxBytes) {
      const oldest = waiting.shift();
      const full = new RealtimeError(
        'outbox_full',
        `${this.#entries.size} publishes wait to be sent`,
      );
      if (!oldest || outboxOverflow === 'reject-new' || own > outboxBytes) throw full;
      bytes -= oldest.bytes;
      fail(oldest, full);
    }
  }

  /** Ends what is too old, and waits for the next. */
  #expire(): void {
    this.#stopExpiry();
    const { now, outboxAgeMs } = this.#client;
    const next = [...this.#entries]
      .filter((entry) => !this.#isTooOld(entry))
      .map(({ queuedAt }) => queuedAt + outboxAgeMs - now())
      .filter((dueMs) => dueMs > 0); // what is written now is looked at when it waits again
    if (next.length > 0)
      this.#cancelExpiry = this.#client.schedule(() => this.#expire(), Math.min(...next));
  }

  #stopExpiry(): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
  }

  /** Ends a publish that has waited too long, or longer than the backend remembers its id. */
  #isTooOld(entry: Entry): boolean {
    const { state, queuedAt, writtenAt, attachment } = entry;
    const now = this.#client.now();
    const isTooOld =
      state === 'waiting' &&
      (now - queuedAt >= this.#client.outboxAgeMs ||
        now - writtenAt >= attachment.capabilities.idempotencyWindowMs);
    if (isTooOld) fail(entry, new RealtimeError('expired', `not sent within ${now - queuedAt} ms`));
    return isTooOld;
  }
}
