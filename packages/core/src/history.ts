/**
 * History: pages of what the backend keeps. A page that is cut off by a lost connection is asked for again.
 *
 * @see docs/semantics.md#history · history.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { HistoryOptions, Page } from './channel-api.ts';
import type { HistoryPage, HistoryQuery } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { toMessage } from './message.ts';
import { perform } from './perform.ts';
import { unsupported } from './unsupported.ts';

/** @throws {RealtimeError} unsupported · timeout · aborted · history_expired · forbidden */
export function readPage(
  attachment: Attachment,
  query: HistoryQuery,
  signal: AbortSignal | undefined,
): Promise<HistoryPage> {
  const { name, client } = attachment;
  const bounded = (): HistoryQuery => {
    const { support, limit } = attachment.capabilities.history;
    if (support === 'none') throw unsupported(attachment, 'history');
    return { ...query, limit: Math.min(query.limit, limit) };
  };
  bounded(); // refused before it connects
  return perform(client.connection, `history of '${name}'`, [signal], ({ history }, inner) =>
    history!.page(name, bounded(), inner),
  );
}

/** The same, as the app gets it. */
export async function fetchPage(
  ...[attachment, ...asked]: Parameters<typeof readPage>
): Promise<Page> {
  const { items, next, complete } = await readPage(attachment, ...asked);
  const messages = items.map((item) => toMessage(attachment.name, { ...item, replayed: true }));
  return { items: messages, next, complete };
}

/** Pages until the last one, or until the reader stops. */
export async function* historyPages(
  attachment: Attachment,
  { limit = 100, direction = 'backwards', from, start, end, signal }: HistoryOptions = {},
): AsyncIterableIterator<Page> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RealtimeError('invalid', '`limit` is at least 1');
  let next = from;
  if (from === 'attach') {
    const use = {}; // nobody else may use it
    attachment.hold(use);
    try {
      await attachment.whenAttached(signal);
      next = attachment.delivery.began ?? from;
    } finally {
      attachment.release(use);
    }
  }
  do {
    const query = { limit, direction, from: next, start, end };
    const page: Page = await fetchPage(attachment, query, signal);
    yield page;
    next = page.next;
  } while (next !== undefined);
}
