/**
 * A value that changes. `subscribe` calls at once, as Svelte's store contract asks; React reads it through
 * `useSyncExternalStore`, so a value is replaced and never mutated.
 */
import { Emitter } from './emitter.ts';

/** Read side of a value that changes. */
export interface Store<Value> {
  get(): Value;
  /** Calls `fn` now and after each change; the returned function stops it and may be called again. */
  subscribe(fn: (value: Value) => void): () => void;
}

/** A {@link Store} that its owner sets. */
export interface WritableStore<Value> extends Store<Value> {
  set(value: Value): void;
}

/** A store that holds `value`; setting an identical value tells nobody. */
export function createStore<Value>(
  value: Value,
  onThrow: (error: unknown) => void,
): WritableStore<Value> {
  const changed = new Emitter<Value>(onThrow);
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      changed.emit(next);
    },
    subscribe(fn) {
      // A subscriber that was told of a later change meanwhile, by another one, is not told of this one.
      const stop = changed.on((next) => Object.is(next, value) && fn(next));
      const first = new Emitter<Value>(onThrow);
      first.on(fn);
      first.emit(value);
      return stop;
    },
  };
}
