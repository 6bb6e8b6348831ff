/** One timer with a name: starting it again moves it, and it can be asked whether it runs. */
import type { Clock } from './clock.ts';

export class Timer {
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get running(): boolean {
    return this.#cancel !== undefined;
  }

  start(delayMs: number, fn: () => void): void {
    this.stop();
    this.#cancel = this.#clock.schedule(() => {
      this.#cancel = undefined;
      fn();
    }, delayMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
