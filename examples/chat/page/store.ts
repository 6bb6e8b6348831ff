/** A value that changes, in the shape of the SDK's stores, for the state that the page itself has. */
import type { Store } from '@anywire/core';

export interface Value<T> extends Store<T> {
  set(value: T): void;
}

export function value<T>(initial: T): Value<T> {
  const listeners = new Set<(value: T) => void>();
  let current = initial;
  return {
    get: () => current,
    set(next) {
      current = next;
      for (const listener of [...listeners]) listener(next);
    },
    subscribe(listener) {
      const own = (next: T): void => listener(next);
      listeners.add(own);
      own(current);
      return () => void listeners.delete(own);
    },
  };
}
