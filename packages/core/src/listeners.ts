/**
 * The listeners of one channel, and the seam between what a listener rewinds and what is live.
 *
 * A listener that asked for a rewind is held: live messages wait in its own queue until its backlog was delivered, so
 * that it sees each message once and in order, whatever the others see.
 *
 * @see docs/semantics.md#rewind · listeners.test.ts
 */
import type { Message } from './api.ts';

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

const none: readonly Registration[] = [];

export class Listeners {
  /** By event; `undefined` is every event. Arrays are replaced, so that a running dispatch is undisturbed. */
  readonly #lists = new Map<string | undefined, readonly Registration[]>();
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  add(event: string | undefined, fn: (message: Message) => void, rewind = 0): Registration {
    const registration: Registration = { event, fn, rewind, held: rewind > 0 ? [] : undefined };
    this.#lists.set(event, [...(this.#lists.get(event) ?? none), registration]);
    return registration;
  }

  remove(registration: Registration): void {
    const { event } = registration;
    registration.fn = () => {};
    const left = this.#lists.get(event)?.filter((other) => other !== registration);
    if (left?.length) this.#lists.set(event, left);
    else this.#lists.delete(event);
  }

  /** Those that wait for their backlog. */
  held(): Registration[] {
    return this.#all().filter(({ held }) => held);
  }

  /** Whether some of them wait for no backlog. */
  get areLive(): boolean {
    return this.#all().some(({ held }) => !held);
  }

  dispatch(message: Message): void {
    for (const registration of this.#lists.get(message.event) ?? none)
      this.#offer(registration, message);
    for (const registration of this.#lists.get(undefined) ?? none)
      this.#offer(registration, message);
  }

  /** Ends the hold: delivers the backlog (oldest first), then what came meanwhile and is not part of it. */
  release(registration: Registration, backlog: readonly Message[]): void {
    const { event, held, rewind } = registration;
    if (!held) return;
    registration.held = undefined;
    const items = rewind > 0 ? backlog.slice(-rewind) : [];
    const last = backlog.at(-1)?.serial;
    const known = new Set(backlog.map(({ id }) => id));
    const isKnown = ({ id, serial }: Message): boolean =>
      serial !== undefined && last !== undefined
        ? serial <= last
        : id !== undefined && known.has(id);
    // More than n came live before the backlog was read: those that it does not reach back to go first.
    const first = items[0]?.serial;
    const isEarlier = ({ serial }: Message): boolean =>
      serial !== undefined && first !== undefined && serial < first;
    for (const message of [
      ...held.filter(isEarlier),
      ...items,
      ...held.filter((message) => !isKnown(message)),
    ]) {
      if (event === undefined || event === message.event) this.#offer(registration, message);
    }
  }

  #all(): Registration[] {
    return [...this.#lists.values()].flat();
  }

  #offer({ held, fn }: Registration, message: Message): void {
    if (held) {
      held.push(message);
      return;
    }
    try {
      fn(message);
    } catch (error) {
      this.#onThrow(error);
    }
  }
}
