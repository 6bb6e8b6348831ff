/**
 * The listeners of one channel, and the seam between what a listener rewinds and what is live.
 *
 * A listener that asked for a rewind is held: live messages wait in its own queue until its backlog was delivered, so
 * that it sees each message once and in order, whatever the others see.
 *
 * @see docs/semantics.md#rewind · listeners.test.ts
 */
import type { Message } from './api.ts';
import type { Inbound } from './contract.ts';
import { guarded } from './emitter.ts';

/** One registration. `held` is set while the backlog is awaited. */
export interface Registration {
  /** Undefined listens to every event. */
  readonly event: string | undefined;
  /** Replaced by nothing when it is removed, so that it is not called again, wherever it is in line. */
  fn: (message: Message) => void;
  /** How many messages it wants first. */
  readonly rewind: number;
  held: Heard[] | undefined;
  /** So many of them came before continuity was lost. */
  older: number;
  /** What its rewind brought, and may come live, too. */
  brought?: Brought | undefined;
}

/** A message, and its position. */
export type Heard = Message & Pick<Inbound, 'cursor'>;

export class Listeners {
  /** Changes with each loss of continuity. */
  epoch = 0;
  /** Replaced and never changed, so that a running dispatch is undisturbed. */
  #all: readonly Registration[] = [];
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  add(event: string | undefined, fn: (message: Message) => void, rewind = 0): Registration {
    const held = rewind > 0 ? [] : undefined;
    const called = guarded(fn, this.#onThrow);
    const registration: Registration = { event, fn: called, rewind, held, older: 0 };
    this.#all = [...this.#all, registration];
    return registration;
  }

  remove(registration: Registration): void {
    registration.fn = () => {};
    this.#all = this.#all.filter((other) => other !== registration);
  }

  /** Those that wait for their backlog. */
  held(): Registration[] {
    return this.#all.filter(({ held }) => held);
  }

  /** Whether some of them wait for no backlog. */
  get areLive(): boolean {
    return this.#all.some(({ held }) => !held);
  }

  dispatch(message: Heard): void {
    for (const registration of this.#all) offer(registration, message);
  }

  /** Serials may start anew. */
  restart(): void {
    this.epoch++;
    for (const registration of this.#all) {
      registration.older = registration.held?.length ?? 0;
      registration.brought?.restart();
    }
  }

  /**
   * Ends the hold: delivers the backlog (oldest first), and what came meanwhile and is not part of it.
   *
   * @param isAhead - the backlog came by another way, and may hold what comes live later
   */
  release(registration: Registration, backlog: readonly Heard[], isAhead = false): void {
    const { held, older, rewind } = registration;
    if (!held) return;
    registration.held = undefined;
    const items = backlog.slice(-rewind);
    const brought = new Brought(items);
    const isMissed = (message: Heard, index: number): boolean =>
      !brought.has(message, index >= older);
    // More than n may have come live before the backlog was read: those that it does not reach back to go first.
    const first = items[0]?.serial ?? NaN;
    const before = Math.max(older, held.findLastIndex(({ serial = NaN }) => serial < first) + 1);
    const missed = held.map((message, index) => isMissed(message, index) && message);
    for (const message of [...missed.slice(0, before), ...items, ...missed.slice(before)])
      if (message) offer(registration, message);
    if (isAhead) registration.brought = brought;
  }
}

function offer(registration: Registration, message: Heard): void {
  const { event, held, fn, brought } = registration;
  if (event !== undefined && event !== message.event) return;
  if (held) return void held.push(message);
  if (brought && brought.left-- === 0) registration.brought = undefined;
  else if (brought?.has(message)) return;
  fn(message);
}

/** What a rewind brought. Ids and cursors are compared over all epochs, serials inside one. */
class Brought {
  /** How many messages are compared: what comes live later than that is not late, but new. */
  left = 1_024;
  readonly #keys: Set<unknown>;
  readonly #serials: Set<unknown>;

  constructor(items: readonly Heard[]) {
    const setOf = (keys: unknown[]): Set<unknown> =>
      new Set(keys.filter((key) => key !== undefined));
    this.#keys = setOf(items.flatMap(({ id, cursor }) => [id, cursor]));
    this.#serials = setOf(items.map(({ serial }) => serial));
  }

  has({ id, cursor, serial }: Heard, isSameEpoch = true): boolean {
    return this.#keys.has(id ?? cursor) || (isSameEpoch && this.#serials.has(serial));
  }

  restart(): void {
    this.#serials.clear();
  }
}
