/** Remembers by key for a window at least, and forgets a whole window at once. */
import type { Clock } from '@anywire/server/store';

export interface Remembered<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** @param max - Beyond it a window ends early. */
export function remember<Value>(clock: Clock, windowMs: number, max: number): Remembered<Value> {
  let running = new Map<string, Value>();
  let before = new Map<string, Value>();
  let since = clock.now();
  const turn = (): void => {
    const ageMs = clock.now() - since;
    if (ageMs < windowMs && running.size < max / 2) return;
    before = ageMs < 2 * windowMs ? running : new Map();
    running = new Map();
    since = clock.now();
  };
  return {
    get(key) {
      turn();
      return running.get(key) ?? before.get(key);
    },
    set(key, value) {
      turn();
      running.set(key, value);
    },
    delete(key) {
      running.delete(key);
      before.delete(key);
    },
  };
}
