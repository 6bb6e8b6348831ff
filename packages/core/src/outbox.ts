/**
 * The outbox: every publish from the call to its receipt. Keeps order per channel, bounds what waits, and sends again,
 * by the same id, what a broken connection left unproven.
 *
 * When a connection is there is decided by `connection.ts`; what a publish is, by `publish.ts`.
 *
 * @see docs/semantics.md#outbox · outbox.test.ts
 */
import type { OutboxEntry, Receipt } from './api.ts';
import type { Attachment } from './attachment.ts';
import { backoffMs } from './backoff.ts';
import type { Client } from './context.ts';
import type { Outbound, PublishOutcome, Session } from './contract.ts';
import { onAbort } from './deadline.ts';
import { RealtimeError } from './errors.ts';
import { sizeOf } from './payload.ts';
import { toReceipt } from './receipt.ts';
import { derivedStore, type DerivedStore } from './store.ts';

/** An adapter that forgets one leaves us without an answer. */
const nothing = { error: new RealtimeError('timeout', 'no outcome') };

/** One publish that has not settled. */
interface Entry extends Outbound {
  readonly attachment: Attachment;
  readonly queuedAt: number;
  /** Takes it out of the outbox; later calls do nothing. */
  readonly settle: (result: Receipt | RealtimeError) => void;
  state: OutboxEntry['state'];
  attempts: number;
  /** When it was written first, of the tries of which nobody has said what became of them. */
  writtenAt: number;
  /** The same without the newest try, which may be refused. */
  earlierAt: number;
}

export class Outbox {
  readonly entries: DerivedStore<readonly OutboxEntry[]>;
  /** The highest count that any id has: where the ids of a channel that is new here begin. */
  highest = 0;

  readonly #client: Client;
  /** In order of the calls. */
  readonly #entries = new Set<Entry>();
  #isScheduled = false;
  #failures = 0;
  /** The rates allow one more. */
  readonly #retry = (): void => this.#flush();
  /** Ends the wait after a passing refusal. */
  #endPause: (() => void) | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.entries = derivedStore(() => [...this.#entries].map(toView), client.onThrow);
  }

  /** Takes a publish in; it leaves by its receipt or its error. @throws {RealtimeError} outbox_full · aborted … */
  add(
    attachment: Attachment,
    outbound: Outbound,
    signal: AbortSignal | undefined,
  ): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const entry: Entry = {
        ...outbound,
        attachment,
        queuedAt: this.#client.now(),
        state: 'waiting',
        attempts: 0,
        writtenAt: Infinity,
        earlierAt: Infinity,
        settle: (result) => {
          if (!this.#entries.delete(entry)) return;
          cancel();
          stop();
          attachment.release(entry);
          this.entries.changed();
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      this.#makeRoom(entry);
      this.#entries.add(entry);
      const cancel = this.#client.schedule(() => this.#isTooOld(entry), this.#client.outboxAgeMs);
      const { needsAttach } = attachment.capabilities.publish;
      if (needsAttach) attachment.hold(entry);
      // A channel that is refused for good sends nothing.
      const life = needsAttach ? attachment.life : undefined;
      stop = onAbort([signal, life], 'publish', (error) => this.#fail(entry, error));
      this.entries.changed();
      this.flushSoon();
    });
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
      if (error) this.#fail(entry, error);
      else this.#requeue(entry);
    }
    this.flushSoon();
  }

  /** What may be written now, in order, at most `inFlight` unproven for each channel. */
  #flush(): void {
    const { session } = this.#client.connection;
    if (!session || this.#endPause) return;
    const queues = new Map<Attachment, Entry[]>();
    for (const entry of this.#entries) {
      if (this.#isTooOld(entry)) continue;
      const queue = queues.get(entry.attachment);
      if (queue) queue.push(entry);
      else queues.set(entry.attachment, [entry]);
    }
    for (const [attachment, queue] of queues) {
      const waiting = queue
        .slice(0, attachment.capabilities.publish.inFlight)
        .filter(({ state }) => state === 'waiting');
      while (attachment.canPublish && waiting.length > 0) {
        const most = Math.min(waiting.length, attachment.capabilities.publish.maxBatch);
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

  #answered(entry: Entry, outcome: PublishOutcome = nothing): void {
    if ('error' in outcome) {
      const { error, retryAfterMs = 0 } = outcome;
      const isUnknown = error.code === 'timeout';
      // A refusal says nothing of earlier tries, unless it is final.
      if (!isUnknown) entry.writtenAt = error.retryable ? entry.earlierAt : Infinity;
      if (isUnknown || !error.retryable) return this.#fail(entry, error);
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
  #makeRoom(added: Entry): void {
    const { outboxBytes } = this.#client;
    if (this.#client.connection.session) return;
    const own = sizeOf(added);
    const waiting = [...this.#entries];
    let bytes = waiting.reduce((sum, entry) => sum + sizeOf(entry), own);
    while (waiting.length >= this.#client.outboxMessages || bytes > outboxBytes) {
      const oldest = waiting.shift();
      const full = new RealtimeError(
        'outbox_full',
        `${this.#entries.size} publishes wait to be sent`,
      );
      if (!oldest || this.#client.outboxOverflow === 'reject-new' || own > outboxBytes) throw full;
      bytes -= sizeOf(oldest);
      this.#fail(oldest, full);
    }
  }

  /** Ends a publish that has waited too long, or longer than the backend remembers its id. */
  #isTooOld(entry: Entry): boolean {
    const { state, queuedAt, writtenAt, attachment } = entry;
    const now = this.#client.now();
    const isTooOld =
      state === 'waiting' &&
      (now - queuedAt >= this.#client.outboxAgeMs ||
        now - writtenAt >= attachment.capabilities.idempotencyWindowMs);
    if (isTooOld)
      this.#fail(entry, new RealtimeError('expired', `not sent within ${now - queuedAt} ms`));
    return isTooOld;
  }

  /** It leaves unproven. */
  #fail({ writtenAt, settle }: Entry, cause: RealtimeError): void {
    settle(
      writtenAt === Infinity || cause.code === 'aborted'
        ? cause
        : new RealtimeError('outcome_unknown', 'written, and no answer came', { cause }),
    );
  }
}

const toView = ({ id, attachment, event, data, state, queuedAt }: Entry): OutboxEntry => {
  return { id, channel: attachment.name, event, data, state, queuedAt };
};
