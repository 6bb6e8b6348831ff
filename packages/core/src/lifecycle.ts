/**
 * What a connection and an attachment have in common: a state that moves by a table, one timer for the next try, and an
 * end with a reason, which everything that waits hears of.
 *
 * The tables, and their tests, are in `connection-machine.ts` and `channel-machine.ts`.
 */
import { backoffMs } from './backoff.ts';
import type { Client } from './context.ts';
import type { RealtimeError } from './errors.ts';
import { createStore, type WritableStore } from './store.ts';

/** Each event leads to one state, from the states that are listed. */
export type Transitions<State, Event extends string> = Readonly<
  Record<Event, readonly [to: State, ...from: State[]]>
>;

/** The state after `event`, or undefined when `event` means nothing in `state`. */
export function nextState<State, Event extends string>(
  transitions: Transitions<State, Event>,
  state: State,
  event: Event,
): State | undefined {
  const [to, ...from] = transitions[event];
  return from.includes(state) ? to : undefined;
}

export class Lifecycle<State, Event extends string> {
  readonly client: Client;
  readonly state: WritableStore<State>;
  error: RealtimeError | undefined;
  /** In a row. */
  protected failures = 0;
  readonly #transitions: Transitions<State, Event>;
  #life = new AbortController();
  #cancel = (): void => {};

  constructor(client: Client, transitions: Transitions<State, Event>, initial: State) {
    this.client = client;
    this.state = createStore(initial, client.onThrow);
    this.#transitions = transitions;
  }

  /** Fires with the reason when nothing will come any more; new after the next begin. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  protected can(event: Event): boolean {
    return nextState(this.#transitions, this.state.get(), event) !== undefined;
  }

  /** Always the last step: whoever hears of the new state may begin another one. */
  protected go(event: Event): void {
    this.state.set(nextState(this.#transitions, this.state.get(), event) ?? this.state.get());
  }

  protected begin(): void {
    if (this.life.aborted) this.#life = new AbortController();
  }

  protected end(reason: RealtimeError): void {
    this.begin(); // the newest reason counts
    this.#life.abort(reason);
  }

  /** One timer: to start it again moves it. */
  protected later(delayMs: number, fn: () => void): void {
    this.notLater();
    this.#cancel = this.client.schedule(fn, delayMs);
  }

  protected notLater(): void {
    this.#cancel();
  }

  protected retry(afterMs: number, fn: () => void): void {
    this.later(afterMs + backoffMs(this.failures++, this.client), fn);
  }
}
