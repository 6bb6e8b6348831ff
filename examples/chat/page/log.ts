/**
 * The lines of one conversation: what the SDK delivered, in that order; below it what is still on its way.
 *
 * Nothing is de-duplicated here: each delivery is a line. The only thing that is matched by id is an own
 * message and its delivery, for these are the same message in two states.
 *
 * @see log.test.ts · tests/e2e/chat.e2e.test.ts
 */
import type { AckLevel, Store } from '@anywire/core';
import { value } from './store.ts';

/** Something that somebody said. */
export interface MessageLine {
  readonly kind: 'message';
  readonly key: number;
  readonly id: string | undefined;
  readonly fromId: string;
  readonly fromName: string;
  readonly isOwn: boolean;
  readonly text: string;
  /** ms since 1970 by the server's clock, or ours where it gives no time; unknown until the server has answered. */
  readonly at: number | undefined;
  /**
   * `waiting` for a connection, `sending`, `sent`: as far as `proof` says, `delivered`: it came from the server, to us
   * as to everyone.
   */
  readonly state: 'waiting' | 'sending' | 'sent' | 'delivered' | 'failed';
  /** What the receipt of an own message proved. With `written` nobody has said that it arrived. */
  readonly proof?: AckLevel;
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
export interface Delivery extends Pick<
  MessageLine,
  'id' | 'fromId' | 'fromName' | 'isOwn' | 'text' | 'at'
> {
  /** Our own copy, where the backend sends none back: it proves nothing. @default false */
  readonly isLocal?: boolean;
}

export interface Log {
  readonly lines: Store<readonly Line[]>;
  deliver(delivery: Delivery): void;
  gap(text: string): void;
  /** What was delivered comes again. */
  clear(): void;
  /** Shows an own message at once, below what was delivered. */
  pending(message: Omit<MessageLine, 'kind' | 'key'>): PendingLine;
}

/** An own message until it is delivered; all calls do nothing after that. */
export interface PendingLine {
  change(change: Partial<MessageLine>): void;
  /** Nothing of it will come back: from now on newer messages stand below it. */
  keep(): void;
  /** Takes it away. */
  discard(): void;
}

export function createLog(): Log {
  const lines = value<readonly Line[]>([]);
  let settled: readonly Line[] = [];
  let outgoing: readonly MessageLine[] = [];
  let keys = 0;
  const show = (): void => lines.set([...settled, ...outgoing]);
  const keep = (isKept: (line: MessageLine) => boolean): void => {
    settled = [...settled, ...outgoing.filter(isKept)];
    outgoing = outgoing.filter((line) => !isKept(line));
  };

  return {
    lines,
    deliver({ isLocal = false, ...delivery }) {
      const isSame = (line: Line): line is MessageLine =>
        isUnproven(line) && line.id !== undefined && line.id === delivery.id;
      const own = outgoing.find(isSame);
      const kept = settled.find(isSame);
      const line: MessageLine = {
        kind: 'message',
        ...delivery,
        key: (own ?? kept)?.key ?? ++keys,
        isOwn: delivery.isOwn || own !== undefined || isLocal,
        state: isLocal ? 'sent' : 'delivered',
      };
      outgoing = outgoing.filter((other) => other !== own);
      settled = kept ? settled.map((other) => (other === kept ? line : other)) : [...settled, line];
      show();
    },
    gap(text) {
      // What nobody confirmed before the interruption was said before it; its echo went missing with the rest.
      keep(({ state }) => state === 'sent');
      settled = [...settled, { kind: 'gap', key: ++keys, text }];
      show();
    },
    clear() {
      settled = [];
      show();
    },
    pending(message) {
      const key = ++keys;
      outgoing = [...outgoing, { kind: 'message', key, ...message }];
      show();
      return {
        change(change) {
          const changed = <Some extends Line>(line: Some): Some =>
            line.key === key && isUnproven(line) ? { ...line, ...change } : line;
          outgoing = outgoing.map(changed);
          settled = settled.map(changed);
          show();
        },
        keep() {
          keep((line) => line.key === key);
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

/** An own message that has not come back. */
function isUnproven(line: Line): line is MessageLine {
  return line.kind === 'message' && line.state !== 'delivered';
}
