/**
 * The outbox: every publish from the call to its receipt. Keeps order per channel, bounds what waits, and sends again,
 * by the same id, what a broken connection left unproven.
 *
 * When a connection is there is decided by `connection.ts`; what a publish is, by `publish.ts`.
 *
 * @see docs/semantics.md#outbox · outbox.test.ts
 */
import type { OutboxEntry, Receipt } from './api.ts';
import { backoffMs } from './backoff.ts';
import type { Context } from './context.ts';
import type { Outbound, PublishOutcome, Session } from './contract.ts';
import { onAbort } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { RealtimeError } from './errors.ts';
import type { Store } from './store.ts';
import { Timer } from './timer.ts';

/** One publish that has not settled. */
export interface Entry extends Outbound {
  readonly channel: string;
  readonly queuedAt: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: RealtimeError) => void;
  state: 'waiting' | 'written';
  attempts: number;
}

export interface OutboxHost {
  readonly context: Context;
  /** Set while connected. */
  readonly session: () => Session | undefined;
  /** Whether publishing to `channel` is possible now: some backends need an attachment. */
  readonly ready: (channel: string) => boolean;
}

export class Outbox {
  readonly entries: Store<readonly OutboxEntry[]>;

  readonly #host: OutboxHost;
  /** In order of the calls; a map keeps it, and forgets an entry at once. */
  readonly #entries = new Map<string, Entry>();
  readonly #changed: Emitter<void>;
  #snapshot: readonly OutboxEntry[] | undefined;
  #scheduled = false;
  #waitingBytes = 0;
  #failures = 0;
  readonly #expiry: Timer;
  /** Runs after a passing refusal. */
  readonly #pause: Timer;
  #onEmpty = (): void => {};

  constructor(host: OutboxHost) {
    this.#host = host;
    this.#expiry = new Timer(host.context.clock);
    this.#pause = new Timer(host.context.clock);
    this.#changed = new Emitter(host.context.onThrow);
    const get = (): readonly OutboxEntry[] =>
      (this.#snapshot ??= [...this.#entries.values()].map(toView));
    this.entries = {
      get,
      subscribe: (fn) => {
        const first = new Emitter<void>(host.context.onThrow);
        first.on(() => fn(get()));
        first.emit();
        return this.#changed.on(() => fn(get()));
      },
    };
  }

  /** Takes a publish in; it leaves by its receipt or its error. @throws {RealtimeError} outbox_full · aborted … */
  add(channel: string, outbound: Outbound, signal: AbortSignal | undefined): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        ...outbound,
        channel,
        queuedAt: this.#host.context.clock.now(),
        state: 'waiting',
        attempts: 0,
        resolve(receipt) {
          stop();
          resolve(receipt);
        },
        reject(error) {
          stop();
          reject(error);
        },
      };
      if (!this.#host.session()) this.#makeRoom(entry);
      this.#entries.set(keyOf(entry), entry);
      this.#waitingBytes += entry.json.length;
      this.#touched();
      this.flushSoon();
      if (!this.#expiry.running) this.#expireLater();
      const stop = onAbort(
        [signal],
        'publish',
        (error) => queueMicrotask(() => this.#reject(entry, error)), // after `stop` is there
      );
    });
  }

  /** Everything of one tick travels together. */
  flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** The connection broke: what was written is unproven again, and goes first. */
  interrupted(): void {
    const { idempotencyWindowMs } = this.#host.context.adapter.capabilities;
    this.#pause.stop();
    for (const entry of this.#entries.values()) {
      if (entry.state === 'waiting') continue;
      if (idempotencyWindowMs === 0) this.#reject(entry, unknownOutcome('the connection broke'));
      else this.#requeue(entry);
    }
    this.#expireLater();
  }

  /** Nothing will be sent for long, or ever. */
  unavailable(error: RealtimeError): void {
    for (const entry of [...this.#entries.values()]) {
      this.#reject(entry, entry.attempts > 0 ? unknownOutcome(error.message, error) : error);
    }
    this.#pause.stop();
  }

  /** Resolves when nothing waits any more. */
  empty(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  // --- sending ---

  #flush(): void {
    const session = this.#host.session();
    if (!session || this.#pause.running) return;
    for (const [channel, waiting] of this.#byChannel()) {
      if (!this.#host.ready(channel)) continue;
      const { maxBatch } = this.#host.context.adapter.capabilities.publish;
      for (let at = 0; at < waiting.length; at += maxBatch)
        void this.#send(session, channel, waiting.slice(at, at + maxBatch));
    }
  }

  /** What may be written now, in order, at most `inFlight` unproven for each channel. */
  #byChannel(): Map<string, Entry[]> {
    const { inFlight } = this.#host.context.adapter.capabilities.publish;
    const waiting = new Map<string, Entry[]>();
    const seen = new Map<string, number>();
    for (const entry of this.#entries.values()) {
      const { channel } = entry;
      const before = seen.get(channel) ?? 0;
      seen.set(channel, before + 1);
      if (entry.state === 'written' || before >= inFlight) continue;
      const list = waiting.get(channel);
      if (list) list.push(entry);
      else waiting.set(channel, [entry]);
    }
    return waiting;
  }

  async #send(session: Session, channel: string, batch: readonly Entry[]): Promise<void> {
    for (const entry of batch) {
      entry.state = 'written';
      entry.attempts++;
      this.#waitingBytes -= entry.json.length;
    }
    this.#touched();
    const isCurrent = (): boolean => this.#host.session() === session;
    try {
      const outcomes = await this.#host.context.within(`publish to '${channel}'`, [], (signal) =>
        session.publish(channel, batch, signal),
      );
      batch.forEach((entry, index) => this.#settle(entry, outcomes[index]));
    } catch (cause) {
      // A broken connection has put the batch back already; the next one proves it.
      if (!isCurrent()) return;
      const error = RealtimeError.from(cause);
      for (const entry of batch) {
        this.#reject(
          entry,
          error.code === 'timeout' ? unknownOutcome(error.message, error) : error,
        );
      }
    }
    if (this.#entries.size > 0) this.flushSoon();
  }

  #settle(entry: Entry, outcome: PublishOutcome | undefined): void {
    if (!outcome) return this.#reject(entry, unknownOutcome('the adapter reported no outcome'));
    if (!('error' in outcome)) {
      this.#failures = 0;
      const { level, serial, timestamp } = outcome;
      if (this.#remove(entry))
        entry.resolve({ id: entry.id, level, serial, timestamp, attempts: entry.attempts });
      return;
    }
    if (!outcome.error.retryable) return this.#reject(entry, outcome.error);
    this.#requeue(entry);
    this.#wait(outcome.retryAfterMs ?? 0);
  }

  /** A passing refusal: nothing is sent for a while, then from the first unproven publish on. */
  #wait(retryAfterMs: number): void {
    const { context } = this.#host;
    if (this.#pause.running) return;
    this.#pause.start(retryAfterMs + backoffMs(this.#failures++, context, context.random), () =>
      this.flushSoon(),
    );
    this.#expireLater();
  }

  // --- bounds ---

  #makeRoom({ json }: Entry): void {
    const { outboxMessages, outboxBytes, outboxOverflow } = this.#host.context;
    const isFull = (): boolean =>
      this.#entries.size >= outboxMessages || this.#waitingBytes + json.length > outboxBytes;
    if (!isFull()) return;
    const full = new RealtimeError(
      'outbox_full',
      `${this.#entries.size} publishes wait to be sent`,
    );
    if (outboxOverflow === 'reject-new') throw full;
    for (const entry of this.#entries.values()) {
      if (!isFull()) return;
      this.#reject(
        entry,
        entry.attempts > 0 ? unknownOutcome('dropped from a full outbox', full) : full,
      );
    }
  }

  /** One timer, for the oldest. Age counts while nothing can be written; then the publish time-out does. */
  #expireLater(): void {
    const { clock, outboxAgeMs } = this.#host.context;
    const oldest = [...this.#entries.values()].find(({ state }) => state === 'waiting');
    this.#expiry.stop();
    if (!oldest) return;
    const leftMs = oldest.queuedAt + outboxAgeMs - clock.now();
    if (leftMs > 0) return this.#expiry.start(leftMs, () => this.#expireLater());
    const what = `waited ${outboxAgeMs} ms to be sent`;
    this.#reject(
      oldest,
      oldest.attempts > 0 ? unknownOutcome(what) : new RealtimeError('expired', what),
    );
    this.#expireLater();
  }

  #requeue(entry: Entry): void {
    if (entry.state === 'waiting' || !this.#entries.has(keyOf(entry))) return;
    entry.state = 'waiting';
    this.#waitingBytes += entry.json.length;
    this.#touched();
  }

  #reject(entry: Entry, error: RealtimeError): void {
    if (this.#remove(entry)) entry.reject(error);
  }

  #remove(entry: Entry): boolean {
    if (!this.#entries.delete(keyOf(entry))) return false;
    if (entry.state === 'waiting') this.#waitingBytes -= entry.json.length;
    this.#touched();
    if (this.#entries.size === 0) {
      this.#expiry.stop();
      this.#onEmpty();
    }
    return true;
  }

  #touched(): void {
    this.#snapshot = undefined;
    if (this.#changed.size > 0) this.#changed.emit();
  }
}

/** An id is unique within its channel only. */
const keyOf = ({ channel, id }: Entry): string => `${channel}\n${id}`;

const toView = ({ id, channel, event, data, state, queuedAt }: Entry): OutboxEntry => ({
  id,
  channel,
  event,
  data,
  state,
  queuedAt,
});

function unknownOutcome(why: string, cause?: RealtimeError): RealtimeError {
  return new RealtimeError(
    'outcome_unknown',
    `written, and no answer came: ${why}`,
    cause && { cause },
  );
}
