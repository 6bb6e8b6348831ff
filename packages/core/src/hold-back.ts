/**
 * What came after a hole, and waits until the hole is repaired or nobody can.
 *
 * What is delivered, and in which order, is decided by `delivery.ts`; where missing messages are found by `repair.ts`.
 *
 * @see docs/semantics.md#continuity · repair.test.ts
 */
import type { Gap, Missed } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { Cursor, Inbound } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { canRepair, fetchMissed, type Position } from './repair.ts';

/** What is told when it cannot be repaired. */
export type Hole = Pick<Gap, 'continuity' | 'reason'> & {
  readonly until: Cursor | undefined;
  /** A message came before an earlier one, which may still come by itself. */
  readonly isEarly: boolean;
};

const nothing: Missed = { items: [], complete: false };

export class HoldBack {
  /** In the order in which they came. */
  readonly items: Inbound[] = [];
  /** So many of them are what the backend still had. */
  backlog = 0;
  hole: Hole;
  /** What waits is being delivered. */
  isOver = false;
  readonly #stop = new AbortController();
  #cancel = (): void => {};

  constructor(hole: Hole) {
    this.hole = hole;
  }

  /** Asks for what is missing: not at once, so that not all clients ask together. */
  repair(attachment: Attachment, since: () => Position, done: (missed: Missed) => void): void {
    const { client } = attachment;
    const ask = async (): Promise<void> => {
      const { signal } = this.#stop;
      const { reason, until } = this.hole;
      try {
        done(await fetchMissed(attachment, since(), until, signal));
      } catch (cause) {
        if (signal.aborted) return;
        this.hole = { ...this.hole, reason: `${reason}; ${RealtimeError.from(cause).message}` };
        done(nothing);
      }
    };
    const waitMs = this.hole.isEarly ? client.earlyMs : 0;
    const jitterMs = canRepair(attachment) ? client.random() * client.repairJitterMs : 0;
    this.#cancel = client.schedule(() => void ask(), waitMs + jitterMs);
  }

  stop(): void {
    this.isOver = true;
    this.#cancel();
    this.#stop.abort();
  }
}
