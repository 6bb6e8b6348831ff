/**
 * A value that changes. `subscribe` calls at once, as Svelte's store contract asks; React reads it through
 * `useSyncExternalStore`, so a value is replaced and never mutated.
 *
 * @see store.test.ts
 */
import { Emitter, guarded } from './emitter.ts';

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

/** A {@link Store} of what its owner can tell at any time. */
export interface DerivedStore<Value> extends Store<Value> {
  /** What `get` gave is out of date. */
  changed(): void;
}

/** A store whose value is made when it is asked for, and kept until `changed`. */
export function derivedStore<Value>(
  make: () => Value,
  onThrow: (error: unknown) => void,
): DerivedStore<Value> {
  let value: Value | undefined;
  const changes = new Emitter<Value>(onThrow);
  const get = (): Value => (value ??= make());
  return {
    get,
    changed() {
      value = undefined;
      if (changes.size > 0) changes.emit(get());
    },
    subscribe(fn) {
      // A subscriber that was told of a later change meanwhile, by another one, is not told of this one.
      const stop = changes.on((next) => Object.is(next, value) && fn(next));
      guarded(fn, onThrow)(get());
      return stop;
    },
  };
}

/** A store that holds `value`; setting an identical value tells nobody. */
export function createStore<Value>(
  value: Value,
  onThrow: (error: unknown) => void,
): WritableStore<Value> {
  const { get, subscribe, changed } = derivedStore(() => value, onThrow);
  return {
    get,
    subscribe,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      changed();
    },
  };
}
