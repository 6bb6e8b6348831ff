/**
 * History: pages of what the backend keeps. A page that is cut off by a lost connection is asked for again.
 *
 * @see docs/semantics.md#history · history.test.ts
 */
import type { HistoryOptions, Page } from './channel-api.ts';
import type { Attachment } from './attachment.ts';
import type { HistoryQuery, HistorySession } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { toMessage } from './message.ts';
import { unsupported } from './unsupported.ts';

/** @throws {RealtimeError} unsupported · timeout · aborted · history_expired · forbidden */
export async function fetchPage(
  attachment: Attachment,
  query: HistoryQuery,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const { host, capabilities, name } = attachment;
  const { context, connection } = host;
  const { support, limit } = capabilities.history;
  if (support === 'none') throw unsupported(attachment, 'history');
  const bounded = { ...query, limit: Math.min(query.limit, limit) };
  connection.ensure();
  return context.within(`history of '${name}'`, [connection.life, signal], async (inner) => {
    for (;;) {
      const session = await connection.whenConnected(inner);
      try {
        const page = await (session.history as HistorySession).page(name, bounded, inner);
        return {
          next: undefined,
          ...page,
          items: page.items.map((item) => toMessage(name, item, { replayed: true })),
        };
      } catch (error) {
        if (connection.session === session || inner.aborted) throw error;
      }
    }
  });
}

/** Pages until the last one, or until the reader stops. */
export async function* historyPages(
  attachment: Attachment,
  { limit = 100, direction = 'backwards', from, start, end, signal }: HistoryOptions = {},
): AsyncIterableIterator<Page> {
  if (!(limit >= 1)) throw new RealtimeError('invalid', '`limit` is at least 1');
  let next = from;
  if (from === 'attach') {
    await attachment.whenAttached(signal);
    next = attachment.continuity.began ?? from;
  }
  do {
    const page: Page = await fetchPage(
      attachment,
      { limit, direction, from: next, start, end },
      signal,
    );
    yield page;
    next = page.next;
  } while (next !== undefined);
}
