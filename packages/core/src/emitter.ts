/**
 * Listeners of one thing: a listener that throws never stops the others, and stopping twice stops once.
 */

/** Stops what was started. May be called again, and works with `using`. */
export interface Unsubscribe extends Disposable {
  (): void;
}

/** Makes `stop` idempotent, usable with `using`, and tied to `signal`. */
export function unsubscriber(stop: () => void, signal?: AbortSignal): Unsubscribe {
  let run: (() => void) | undefined = stop;
  const off = (): void => {
    const once = run;
    run = undefined;
    signal?.removeEventListener('abort', off);
    once?.();
  };
  signal?.addEventListener('abort', off);
  // `Symbol.dispose` is younger than some browsers that we support.
  if (Symbol.dispose) Object.assign(off, { [Symbol.dispose]: off });
  if (signal?.aborted) off();
  return off as Unsubscribe;
}

/** `fn`, but what it throws goes to `onThrow`. */
export function guarded<Value>(
  fn: (value: Value) => void,
  onThrow: (error: unknown) => void,
): (value: Value) => void {
  return (value) => {
    try {
      fn(value);
    } catch (error) {
      onThrow(error);
    }
  };
}

/** A set of listeners that is replaced and never changed, so that a running `emit` is undisturbed. */
export class Emitter<Value> {
  #listeners: readonly ((value: Value) => void)[] = [];
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  get size(): number {
    return this.#listeners.length;
  }

  on(fn: (value: Value) => void, signal?: AbortSignal): Unsubscribe {
    const own = guarded(fn, this.#onThrow); // the same `fn` may listen twice
    this.#listeners = [...this.#listeners, own];
    return unsubscriber(() => {
      this.#listeners = this.#listeners.filter((other) => other !== own);
    }, signal);
  }

  emit(value: Value): void {
    for (const listener of this.#listeners) listener(value);
  }
}
