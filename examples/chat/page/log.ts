/**
 * The lines of one conversation: what the SDK delivered, in that order; below it what is still on its way.
 *
 * Nothing is de-duplicated here: each delivery is a line. The only thing that is matched by id is an own
 * message and its delivery, for these are the same message in two states.
 *
 * @see tests/e2e/chat.e2e.test.ts
 */
import type { Store } from '@anywire/core';
import { value } from './store.ts';

/** Something that somebody said. */
export interface MessageLine {
  readonly kind: 'message';
  readonly key: number;
  readonly id: string | undefined;
  readonly fromId: string;
  readonly fromName: string;
  readonly text: string;
  /** ms since 1970 by the server's clock; unknown until the server has answered. */
  readonly at: number | undefined;
  /** `waiting` for a connection, `sending`, `sent`: the server has it, `delivered`: it came back to us. */
  readonly state: 'waiting' | 'sending' | 'sent' | 'delivered' | 'failed';
  /** Why it failed. */
  readonly problem?: string;
  /** Sends it again; absent where that cannot help. */
  readonly retry?: () => void;
  /** Forgets it. */
  readonly remove?: () => void;
}

/** A place where messages may be missing. */
export interface GapLine {
  readonly kind: 'gap';
  readonly key: number;
  readonly text: string;
}

export type Line = MessageLine | GapLine;
/** What a delivery says. */
export type Delivery = Pick<MessageLine, 'id' | 'fromId' | 'fromName' | 'text' | 'at'>;

export interface Log {
  readonly lines: Store<readonly Line[]>;
  deliver(delivery: Delivery): void;
  gap(text: string): void;
  /** Shows an own message at once, below what was delivered. */
  pending(message: Omit<MessageLine, 'kind' | 'key'>): PendingLine;
}

/** An own message until it is delivered; both calls do nothing after that. */
export interface PendingLine {
  change(change: Partial<MessageLine>): void;
  /** Takes it away. */
  discard(): void;
}

export function createLog(): Log {
  const lines = value<readonly Line[]>([]);
  let delivered: readonly Line[] = [];
  let outgoing: readonly MessageLine[] = [];
  let keys = 0;
  const show = (): void => lines.set([...delivered, ...outgoing]);

  return {
    lines,
    deliver(delivery) {
      const own = outgoing.find(({ id }) => id !== undefined && id === delivery.id);
      outgoing = outgoing.filter((line) => line !== own);
      const key = own?.key ?? ++keys;
      delivered = [...delivered, { kind: 'message', key, state: 'delivered', ...delivery }];
      show();
    },
    gap(text) {
      delivered = [...delivered, { kind: 'gap', key: ++keys, text }];
      show();
    },
    pending(message) {
      const key = ++keys;
      outgoing = [...outgoing, { kind: 'message', key, ...message }];
      show();
      return {
        change(change) {
          outgoing = outgoing.map((line) => (line.key === key ? { ...line, ...change } : line));
          show();
        },
        discard() {
          outgoing = outgoing.filter((line) => line.key !== key);
          show();
        },
      };
    },
  };
}
