/**
 * Who is typing. Said with volatile publishes: they are never queued nor kept, for a late "is typing" is worse
 * than none. So each one only counts for a while, and is said again while one types.
 */
import type { Store } from '@anywire/core';
import { value } from './store.ts';

/** While one types, it is said again this often. */
const repeatMs = 2_000;
/** Longer than {@link repeatMs}: one lost message must not make the line flicker. */
const forgetMs = 5_000;

export interface Typing {
  /** Client ids of the others who are typing. */
  readonly others: Store<readonly string[]>;
  /** Someone else said that they type, or that they stopped. */
  heard(clientId: string, on: boolean): void;
  /** The own input changed. */
  input(isEmpty: boolean): void;
}

export function createTyping(say: (on: boolean) => void): Typing {
  const others = value<readonly string[]>([]);
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  let saidAt: number | undefined;

  const heard = (clientId: string, on: boolean): void => {
    clearTimeout(timers.get(clientId));
    timers.delete(clientId);
    if (on) timers.set(clientId, setTimeout(heard, forgetMs, clientId, false));
    others.set([...timers.keys()]);
  };

  return {
    others,
    heard,
    input(isEmpty) {
      if (isEmpty ? saidAt === undefined : performance.now() - (saidAt ?? -repeatMs) < repeatMs)
        return;
      saidAt = isEmpty ? undefined : performance.now();
      say(!isEmpty);
    },
  };
}
