/**
 * What a connection and an attachment have in common: a state that moves by a table, one timer for the next try, and an
 * end with a reason, which everything that waits hears of.
 *
 * @see connection.ts · attachment.ts
 */
import { backoffMs } from './backoff.ts';
import type { Client } from './context.ts';
import type { RealtimeError } from './errors.ts';
import { createStore, type WritableStore } from './store.ts';
import { nextState, type Transitions } from './transitions.ts';

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
