/**
 * The end of a pipe, which comes once: by the other side, by a failure, or by us after what is still to be said.
 */
import type { Clock } from '@anywire/core';
import type { PipeEvents } from '@anywire/protocol/client';
import type { Ended } from './refusal.ts';

/** How long the last message may take before the pipe ends without it, in ms. */
export const closeMs = 500;

export interface Lifetime {
  /** Fires at the end. */
  readonly signal: AbortSignal;
  ended(info: Ended): void;
  /** Ends it after `last`, which is bounded by {@link closeMs}; at once when there is nothing to wait for. */
  close(info: Ended, last: Promise<void> | undefined): void;
}

export function createLifetime(
  events: PipeEvents,
  { schedule }: Pick<Clock, 'schedule'>,
): Lifetime {
  const over = new AbortController();
  const { signal } = over;
  const ended = (info: Ended): void => {
    if (signal.aborted) return;
    over.abort();
    events.closed(info);
  };
  return {
    signal,
    ended,
    close(info, last) {
      const end = (): void => ended(info);
      if (!last) return end();
      const cancel = schedule(end, closeMs);
      signal.addEventListener('abort', cancel);
      void last.then(end, end);
    },
  };
}
