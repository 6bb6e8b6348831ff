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
import type { Capabilities, Outbound, PublishOutcome, Session } from './contract.ts';
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
  /** Of its channel. */
  readonly capabilities: Capabilities;
  state: 'waiting' | 'written';
  attempts: number;
  /** When it was written first, as long as nobody has said what became of it. */
  writtenAt: number | undefined;
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
  /** Ends with the connection, and with it the wait for what was written on it. */
  #era = new AbortController();
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
  add(
    { name: channel, capabilities }: { readonly name: string; readonly capabilities: Capabilities },
    outbound: Outbound,
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const entry: Entry = {
        ...outbound,
        channel,
        capabilities,
        queuedAt: this.#host.context.clock.now(),
        state: 'waiting',
        attempts: 0,
        writtenAt: undefined,
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
      stop = onAbort(signals, 'publish', (error) => this.#fail(entry, error));
      if (!this.#expiry.running) this.#expireLater();
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
    this.#endEra();
    for (const entry of this.#entries.values()) this.#requeue(entry);
    this.#expireLater();
  }

  /** Nothing will be sent for long, or ever. */
  unavailable(error: RealtimeError): void {
    this.#endEra();
    for (const entry of this.#entries.values()) this.#fail(entry, error);
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
      const { maxBatch } = waiting[0]!.capabilities.publish;
      for (let at = 0; at < waiting.length; at += maxBatch)
        void this.#send(session, channel, waiting.slice(at, at + maxBatch));
    }
  }

  /** What may be written now, in order, at most `inFlight` unproven for each channel. */
  #byChannel(): Map<string, Entry[]> {
    const waiting = new Map<string, Entry[]>();
    const seen = new Map<string, number>();
    for (const entry of this.#entries.values()) {
      const { channel, capabilities, state } = entry;
      if (state === 'waiting' && this.#isForgotten(entry)) continue;
      const before = seen.get(channel) ?? 0;
      seen.set(channel, before + 1);
      if (state === 'written' || before >= capabilities.publish.inFlight) continue;
      const list = waiting.get(channel);
      if (list) list.push(entry);
      else waiting.set(channel, [entry]);
    }
    return waiting;
  }

  async #send(session: Session, channel: string, batch: readonly Entry[]): Promise<void> {
    const { context } = this.#host;
    const { signal: era } = this.#era;
    for (const entry of batch) {
      entry.state = 'written';
      entry.attempts++;
      entry.writtenAt ??= context.clock.now();
      this.#waitingBytes -= entry.json.length;
    }
    this.#touched();
    try {
      const outcomes = await context.within(`publish to '${channel}'`, [era], (signal) =>
        session.publish(channel, batch, signal),
      );
      batch.forEach((entry, index) => this.#settle(entry, outcomes[index]));
    } catch (cause) {
      if (era.aborted) return; // the batch was put back already
      const error = RealtimeError.from(cause);
      const isTimeout = error.code === 'timeout';
      for (const entry of batch) {
        if (isTimeout) this.#fail(entry, error);
        else if (error.retryable) this.#requeue(entry); // the connection is about to break, or one request did
        else this.#settle(entry, { error });
      }
      if (error.retryable && !isTimeout) this.#wait(0);
    }
    if (this.#entries.size > 0) this.flushSoon();
  }

  #settle(entry: Entry, outcome: PublishOutcome | undefined): void {
    if (!outcome) {
      this.#fail(entry, new RealtimeError('protocol_error', 'the adapter reported no outcome'));
    } else if ('error' in outcome) {
      const { error, retryAfterMs = 0 } = outcome;
      // The refusal of a second try says nothing of the first, unless it is final.
      if (!error.retryable || entry.attempts === 1) entry.writtenAt = undefined;
      if (!error.retryable) return this.#fail(entry, error);
      this.#requeue(entry);
      this.#wait(retryAfterMs);
    } else if (this.#remove(entry)) {
      this.#failures = 0;
      const { level, serial, timestamp } = outcome;
      entry.resolve({ id: entry.id, level, serial, timestamp, attempts: entry.attempts });
    }
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
    if (outboxOverflow === 'reject-new' || json.length > outboxBytes) throw full;
    for (const entry of this.#entries.values()) {
      if (!isFull()) return;
      this.#fail(entry, full);
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
    this.#fail(oldest, new RealtimeError('expired', `waited ${outboxAgeMs} ms to be sent`));
    this.#expireLater();
  }

  #requeue(entry: Entry): void {
    if (entry.state === 'waiting' || !this.#entries.has(keyOf(entry))) return;
    entry.state = 'waiting';
    this.#waitingBytes += entry.json.length;
    this.#touched();
    this.#isForgotten(entry);
  }

  /** Ends a publish that was written so long ago that the backend may not know its id: it is not sent again. */
  #isForgotten(entry: Entry): boolean {
    const { writtenAt = Infinity, capabilities } = entry;
    const isForgotten = this.#host.context.clock.now() - writtenAt >= capabilities.idempotencyWindowMs;
    if (isForgotten)
      this.#fail(entry, new RealtimeError('connection_failed', 'the connection broke'));
    return isForgotten;
  }

  #endEra(): void {
    this.#pause.stop();
    this.#era.abort();
    this.#era = new AbortController();
  }

  /** It leaves unproven. */
  #fail(entry: Entry, cause: RealtimeError): void {
    if (!this.#remove(entry)) return;
    const isKnown = entry.writtenAt === undefined || cause.code === 'aborted';
    entry.reject(
      isKnown
        ? cause
        : new RealtimeError('outcome_unknown', `written: ${cause.message}`, { cause }),
    );
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
