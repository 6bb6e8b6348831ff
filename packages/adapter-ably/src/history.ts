/** History: Ably's pages are linked to each other, so a cursor names a page that is kept here for a while. */
import type { HistoryPage, HistoryQuery, Inbound } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import type { AblyChannelLike, AblyMessageLike, AblyPageLike } from './ably-like.ts';
import { toInbound } from './messages.ts';
import { toError } from './refusals.ts';

const keptPages = 100;

export interface History {
  page(channel: AblyChannelLike, query: HistoryQuery): Promise<HistoryPage>;
}

function forgotten(cause: unknown): never {
  const error = toError(Object(cause) as object);
  if (error.code !== 'invalid') throw error;
  throw new RealtimeError('history_expired', 'this page is known no more', { cause });
}

/** In history stands the last version of a message, in the place of the first. */
function item(native: AblyMessageLike): readonly Inbound[] {
  const inbound = toInbound(native);
  return inbound && inbound.action !== 'delete' ? [{ ...inbound, action: 'create' }] : [];
}

export function createHistory(): History {
  const pages = new Map<string, AblyPageLike>();
  let count = 0;

  function shown(page: AblyPageLike | null): HistoryPage {
    const items = page?.items.flatMap(item) ?? [];
    if (!page?.hasNext()) return { items, complete: true };
    const next = String((count += 1));
    pages.set(next, page);
    pages.delete(String(count - keptPages));
    return { items, next, complete: true };
  }

  return {
    async page(channel, { limit, direction, from, start, end }) {
      if (from !== undefined && from !== 'attach') {
        const page = pages.get(from);
        if (!page) throw new RealtimeError('history_expired', 'this page is known no more');
        return shown(await page.next().catch(forgotten));
      }
      const params = {
        ...{ limit, direction },
        ...(start !== undefined && { start }),
        ...(end !== undefined && { end }),
        ...(from === 'attach' && { untilAttach: true }),
      };
      return shown(await channel.history(params as never));
    },
  };
}
