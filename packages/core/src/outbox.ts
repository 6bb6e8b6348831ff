/**
 * The outbox: every publish from the call to its receipt. Keeps order per channel, and sends again, by the same id,
 * what a broken connection left unproven.
 *
 * When a connection is there is decided by `connection.ts`; what a publish is, by `publish.ts`; what waits too long or is
 * too much, by `outbox-queue.ts`; what survives a reload, by `persist.ts`.
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
import {
  type Draft,
  type Entry,
  type EntryName,
  fail,
  type Keeper,
  toView,
} from './outbox-entry.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { sizeOf } from './payload.ts';
import { toReceipt } from './receipt.ts';
import { derivedStore, type DerivedStore } from './store.ts';

/** An adapter that forgets one leaves us without an answer. */
const nothing = { error: new RealtimeError('timeout', 'no outcome') };

export class Outbox {
  readonly entries: DerivedStore<readonly OutboxEntry[]>;
  /** The highest count that any id has: where the ids of a channel that is new here begin. */
  highest = 0;
  /** What is in it. */
  readonly queue: OutboxQueue;
  /** Keeps them over a reload, where the app wants that. */
  keeper: Keeper | undefined;

  readonly #client: Client;
  /** The last wire sequence in each channel, by its name: a channel object may be collected while the client goes on. */
  readonly #sequences = new Map<string, number>();
  #isScheduled = false;
  #failures = 0;
  /** The rates allow one more. */
  readonly #retry = (): void => this.#flush();
  /** Ends the wait after a passing refusal. */
  #endPause: (() => void) | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.queue = new OutboxQueue(client);
    this.entries = derivedStore(
      () => [...(this.keeper?.failed.values() ?? []), ...[...this.queue.all].map(toView)],
      client.onThrow,
    );
  }

  /** Why a publish cannot even wait. */
  get unavailable(): RealtimeError | undefined {
    const error = this.#client.connection.unavailable;
    return this.keeper && error?.code === 'suspended' ? undefined : error;
  }

  /** Takes a publish in; it leaves by its receipt or its error. @throws {RealtimeError} outbox_full · aborted … */
  add(draft: Draft, signal?: AbortSignal): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const entry: Entry = {
        queuedAt: this.#client.now(),
        attempts: 0,
        writtenAt: Infinity,
        restoredFor: undefined,
        ...draft,
        bytes: sizeOf(draft),
        state: 'waiting',
        earlierAt: Infinity,
        settle: (result) => {
          if (!this.#leave(entry, result)) return;
          stop();
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      const { attachment } = entry;
      const outdated = this.queue.outdated(entry);
      this.queue.makeRoom(entry, outdated);
      outdated?.settle(toReceipt(outdated.id, 0, { level: 'none' }));
      this.#enter(entry);
      // A channel that is refused for good sends nothing.
      const life = attachment.capabilities.publish.needsAttach ? attachment.life : undefined;
      stop = onAbort([signal, life], 'publish', (error) => fail(entry, error));
    });
  }

  /** Sends again what failed after a reload; what was written may then be delivered twice. */
  retry(entry: EntryName): void {
    this.keeper?.retry(entry);
  }

  /** Gives up what has not settled: its promise rejects with `aborted`; what was written may still arrive. */
  discard({ id, channel }: EntryName): void {
    this.keeper?.discard({ id, channel });
    for (const entry of this.queue.all)
      if (entry.id === id && entry.attachment.name === channel)
        entry.settle(new RealtimeError('aborted', 'it was discarded'));
  }

  #enter(entry: Entry): void {
    const { attachment } = entry;
    this.queue.add(entry);
    if (attachment.capabilities.publish.needsAttach) attachment.hold(entry);
    this.flushSoon();
    this.keeper?.changed(entry);
    this.entries.changed();
  }

  #leave(entry: Entry, result: Receipt | RealtimeError): boolean {
    if (!this.queue.delete(entry)) return false;
    entry.attachment.release(entry);
    this.keeper?.settled(entry, result);
    this.entries.changed();
    return true;
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
    const error = this.unavailable;
    this.#client.rates.forget(this.#retry);
    this.#resume();
    for (const entry of this.queue.all) {
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
    for (const [attachment, queue] of this.queue.channels) {
      const { inFlight, maxBatch } = attachment.capabilities.publish;
      const first: Entry[] = [];
      for (const entry of queue)
        if (!this.queue.isTooOld(entry) && first.push(entry) >= inFlight) break;
      let waiting = first.filter(({ state }) => state === 'waiting');
      if (this.keeper && attachment.canPublish) waiting = this.keeper.ready(waiting);
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
      // What an earlier page left has a place in a count of its own.
      if (entry.key === undefined && !entry.restoredFor)
        entry.sequence ??= this.#nextSequence(name);
      this.keeper?.changed(entry);
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
      const failure = error as RealtimeError;
      // This is no refusal, unless it is final: each may have been stored.
      if (failure.retryable) for (const entry of batch) entry.earlierAt = entry.writtenAt;
      outcomes = batch.map(() => ({ error: failure }));
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
      // A refusal says nothing of earlier tries.
      if (!isUnknown) entry.writtenAt = entry.earlierAt;
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
    if (this.queue.isTooOld(entry)) return;
    this.keeper?.changed(entry);
    this.entries.changed();
  }
}
