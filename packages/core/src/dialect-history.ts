/**
 * Pages of history, of a server that can only be asked for its last messages, or for those before one.
 *
 * Forwards means to read all of it and turn it round; a position in it is what the server names the message by.
 *
 * @see dialect-spec.ts for what the dialect is asked · dialect-history.test.ts
 */
import type { HistoryPage, HistoryQuery, Inbound } from './contract.ts';
import { RealtimeError } from './errors.ts';

/** Older messages than those with this key, oldest first. */
export type ReadBefore = (before: string | undefined, limit: number) => Promise<readonly Inbound[]>;

/** What is read at most, to find a place or the beginning. */
const maxMessages = 10_000;
/** A position just before a message, as opposed to its own. */
const before = '<';

/** What history and live messages know a message by. */
export const keyOf = ({ serial, id }: Pick<Inbound, 'serial' | 'id'>): string | undefined =>
  serial === undefined ? id : String(serial);

/**
 * @param began - The first live message of this attachment.
 * @throws {RealtimeError} `history_expired` when the position is not there any more, `limit_exceeded` when it is too far away
 */
export async function pageOf(
  read: ReadBefore,
  { limit, direction, from: asked, start = -Infinity, end = Infinity }: HistoryQuery,
  began: string | undefined,
): Promise<HistoryPage> {
  const from = asked === 'attach' ? began && before + began : asked;
  const isForwards = direction === 'forwards';
  const skipped = from?.startsWith(before) ? from.slice(before.length) : undefined;
  const items: Inbound[] = [];
  /** Of a message's own position: it is looked for. */
  let isFound = from === undefined || skipped !== undefined;
  let oldest = isForwards ? undefined : skipped;
  let seen = 0;
  /** Newest first. Answers whether that is enough. */
  const take = (message: Inbound): boolean => {
    const key = keyOf(message);
    if (isForwards && key === from) return true; // what comes after it was wanted
    isFound ||= key === from;
    const { timestamp = 0 } = message;
    const isWanted = timestamp >= start && timestamp <= end;
    if ((isForwards || isFound) && isWanted) items.push(message);
    return !isForwards && items.length > limit;
  };
  reading: for (;;) {
    const page = await read(oldest, 100);
    const cut = oldest === undefined ? -1 : page.findIndex((one) => keyOf(one) === oldest);
    const older = cut < 0 ? page : page.slice(0, cut); // a server that cannot be asked for older ones
    if (older.length === 0) {
      // A page ends in a position only where there was more.
      const isGone = asked !== 'attach' && skipped !== undefined && seen === 0;
      if (!isFound || isGone || (isForwards && from !== undefined))
        throw new RealtimeError('history_expired', 'the position is not in the history any more');
      break;
    }
    for (const message of older.toReversed()) if (take(message)) break reading;
    oldest = keyOf(older[0] as Inbound);
    seen += older.length;
    if (oldest === undefined) break; // nothing to ask from
    if (seen > maxMessages)
      throw new RealtimeError('limit_exceeded', `over ${maxMessages} messages; ask for fewer`);
  }
  const sorted = isForwards ? items.toReversed() : items;
  const page = sorted.slice(0, limit);
  const last = page.at(-1);
  const key = last && keyOf(last);
  const hasMore = sorted.length > limit && key !== undefined;
  return {
    items: page,
    complete: true,
    ...(hasMore && { next: isForwards ? key : before + key }),
  };
}
