/**
 * What was published and is not answered yet, or not come back: oldest first.
 *
 * @see dialect-session.ts
 */
import type { PublishOutcome } from './contract.ts';
import type { DialectMessage } from './dialect-received.ts';

/** One that was sent on this connection. */
export interface Sent {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  /** Set while somebody waits for an answer. */
  settle?: ((outcome: PublishOutcome) => void) | undefined;
}

/** A server that drops what it was sent never sends it back: then the oldest is forgotten. */
const maxKept = 1_000;

export interface SentList {
  add(sent: Sent): void;
  delete(sent: Sent): void;
  /** By its id; `true`: the one that waits longest. */
  answered(id: string | true, outcome: PublishOutcome): boolean;
  /** The oldest that `message` can be, which has come back. */
  returned(message: DialectMessage, channel: string): Sent | undefined;
}

export function createSentList(): SentList {
  const all = new Set<Sent>();
  const find = (test: (sent: Sent) => unknown): Sent | undefined => {
    for (const sent of all) if (test(sent)) return sent;
    return undefined;
  };
  return {
    add(sent) {
      all.add(sent);
      const oldest = find((one) => !one.settle);
      if (all.size > maxKept && oldest) all.delete(oldest);
    },
    delete: (sent) => void all.delete(sent),
    answered(id, outcome) {
      const sent = find((one) => one.settle && (id === true || one.id === id));
      const settle = sent?.settle;
      if (!sent || !settle) return false;
      sent.settle = undefined;
      settle(outcome);
      return true;
    },
    returned({ id, event }, channel) {
      const sent = find((one) =>
        id === undefined ? one.channel === channel && one.event === event : one.id === id,
      );
      if (sent) all.delete(sent);
      return sent;
    },
  };
}
