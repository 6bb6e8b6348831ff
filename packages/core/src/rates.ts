/**
 * Keeps operations under the rates of the service: at most `max` in any `perMs` milliseconds, for the connection or for
 * one channel.
 *
 * A log of the last ones is exact where counters of fixed windows let twice as many through around a boundary, and even
 * spacing makes a short burst wait for nothing: however the service counts, no window holds more than `max`, and the
 * next one goes when the oldest leaves the window. Over a reconnect the counts go on.
 *
 * @see docs/semantics.md#limits · rates.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { RateLimits } from './capabilities.ts';
import type { Clock } from './clock.ts';
import { onAbort } from './deadline.ts';

export type Operation = keyof RateLimits;

interface Log {
  /** When operations went, oldest first. */
  times: number[];
  /** How long they count. */
  keepMs: number;
}

export class Rates {
  readonly #clock: Clock;
  readonly #logs = new Map<string, Log>();
  /** Who waits, in order, and until when. */
  readonly #waiting = new Map<() => void, number>();
  /** When the one timer fires. */
  #at = Infinity;
  #cancel = (): void => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many of `wanted` may go now: they are counted. Where it is fewer, `retry` is called once, when one more may. */
  take(
    attachment: Attachment,
    operations: readonly Operation[],
    wanted: number,
    retry?: () => void,
  ): number {
    const { limits } = attachment.capabilities;
    const { size } = this.#logs;
    const rates = operations.flatMap((operation) =>
      (limits[operation] ?? []).map(({ max, perMs, scope }) => {
        const log = this.#log(`${operation} ${scope === 'channel' ? attachment.name : ''}`, perMs);
        return { max: Math.max(1, max), perMs, log };
      }),
    );
    if (rates.length === 0) return wanted;
    const now = this.#clock.now();
    this.#wake(now); // nobody overtakes those who wait
    const counted = ({ times }: Log, perMs: number): number[] =>
      times.filter((at) => at <= now && now - at < perMs); // a clock that went back begins anew
    const granted = rates.reduce(
      (least, { max, perMs, log }) =>
        Math.min(least, Math.max(0, max - counted(log, perMs).length)),
      wanted,
    );
    for (const log of new Set(rates.map((rate) => rate.log)))
      log.times = [...counted(log, log.keepMs), ...Array<number>(granted).fill(now)];
    // Channels come and go.
    if (this.#logs.size > size)
      for (const [key, { times, keepMs }] of this.#logs)
        if (now - (times.at(-1) ?? -Infinity) >= keepMs) this.#logs.delete(key);
    if (granted < wanted && retry) {
      const freeAt = rates.map(
        ({ max, perMs, log }) => (counted(log, perMs).at(-max) ?? -Infinity) + perMs,
      );
      this.#wait(retry, Math.max(...freeAt));
    }
    return granted;
  }

  /** Resolves when one may go, which is counted then, or when none is needed any more; undefined: at once. */
  pass(
    attachment: Attachment,
    operations: readonly Operation[],
    signals: readonly AbortSignal[],
    isNeeded: () => boolean = () => true,
  ): Promise<void> | undefined {
    const may = (retry?: () => void): boolean =>
      !isNeeded() || this.take(attachment, operations, 1, retry) === 1;
    if (may()) return undefined;
    return new Promise((resolve) => {
      let stop = (): void => {};
      const end = (): void => {
        stop();
        this.forget(attempt);
        resolve();
      };
      const attempt = (): void => {
        if (may(attempt)) end();
      };
      attempt();
      stop = onAbort(signals, 'waiting', end);
    });
  }

  /** Nobody waits for it any more. */
  forget(retry: () => void): void {
    this.#waiting.delete(retry);
    if (this.#waiting.size === 0) this.#stop();
  }

  /** Some that wait may not be needed any more. */
  reconsider(): void {
    for (const retry of [...this.#waiting.keys()]) if (this.#waiting.has(retry)) retry();
  }

  #log(key: string, perMs: number): Log {
    let log = this.#logs.get(key);
    if (!log) this.#logs.set(key, (log = { times: [], keepMs: 0 }));
    log.keepMs = Math.max(log.keepMs, perMs);
    return log;
  }

  #wait(retry: () => void, at: number): void {
    this.#waiting.set(retry, Math.min(at, this.#waiting.get(retry) ?? at));
    if (at >= this.#at) return;
    this.#stop();
    this.#at = at;
    this.#cancel = this.#clock.schedule(() => this.#wake(at), at - this.#clock.now());
  }

  /** Calls those whose time has come, in order. */
  #wake(now: number): void {
    if (now < this.#at) return;
    this.#stop();
    for (const [retry, at] of [...this.#waiting])
      if (at <= now && this.#waiting.delete(retry)) retry();
    for (const [retry, at] of this.#waiting) this.#wait(retry, at);
  }

  #stop(): void {
    this.#at = Infinity;
    this.#cancel();
  }
}
