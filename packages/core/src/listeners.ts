/**
 * The listeners of one channel, and the seam between what a listener rewinds and what is live.
 *
 * A listener that asked for a rewind is held: live messages wait in its own queue until its backlog was delivered, so
 * that it sees each message once and in order, whatever the others see.
 *
 * @see docs/semantics.md#rewind · listeners.test.ts
 */
import type { Message } from './api.ts';
import { guarded } from './emitter.ts';

/** One registration. `held` is set while the backlog is awaited. */
export interface Registration {
  /** Undefined listens to every event. */
  readonly event: string | undefined;
  /** Replaced by nothing when it is removed, so that it is not called again, wherever it is in line. */
  fn: (message: Message) => void;
  /** How many messages it wants first. */
  readonly rewind: number;
  held: Message[] | undefined;
}

export class Listeners {
  /** Replaced and never changed, so that a running dispatch is undisturbed. */
  #all: readonly Registration[] = [];
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  add(event: string | undefined, fn: (message: Message) => void, rewind = 0): Registration {
    const held = rewind > 0 ? [] : undefined;
    const registration: Registration = { event, fn: guarded(fn, this.#onThrow), rewind, held };
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

  dispatch(message: Message): void {
    for (const registration of this.#all) offer(registration, message);
  }

  /** Ends the hold: delivers the backlog (oldest first), and what came meanwhile and is not part of it. */
  release(registration: Registration, backlog: readonly Message[]): void {
    const { held, rewind } = registration;
    if (!held) return;
    registration.held = undefined;
    const items = backlog.slice(-rewind);
    const known = new Set(items.map(keyOf));
    const missed = held.filter((message) => !known.has(keyOf(message)));
    // More than n may have come live before the backlog was read: those that it does not reach back to go first.
    for (const message of [...items, ...missed].sort(bySerial)) offer(registration, message);
  }
}

function offer({ event, held, fn }: Registration, message: Message): void {
  if (event !== undefined && event !== message.event) return;
  if (held) held.push(message);
  else fn(message);
}

/** A message of a foreign publisher is equal to itself alone. */
const keyOf = (message: Message): unknown => message.serial ?? message.id ?? message;

type Numbered = Pick<Message, 'serial'>;

export const bySerial = ({ serial: a = 0 }: Numbered, { serial: b = 0 }: Numbered): number =>
  a < b ? -1 : Number(a > b);
