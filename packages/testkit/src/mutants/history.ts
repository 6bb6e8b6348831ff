/** Mutants of history. */
import type { Inbound } from '@anywire/core';
import { declares, pages, pagesWith, remembering, without, type Mutants } from './mutant.ts';

export const historyMutants: Mutants = {
  'reads newest first, always': pages(
    (page) => (channel, query, signal) =>
      page(channel, { ...query, direction: 'backwards' }, signal),
  ),
  'reads oldest first, always': pages(
    (page) => (channel, query, signal) =>
      page(channel, { ...query, direction: 'forwards' }, signal),
  ),
  'never says that it goes on': pagesWith(({ items }) => ({ items, complete: true })),
  'does not know where the attachment began': pages(
    (page) => (channel, query, signal) =>
      page(
        channel,
        { ...query, from: query.from?.includes(':25:') ? undefined : query.from },
        signal,
      ),
  ),
  'forgets who sent what it keeps': pagesWith((page) => ({
    ...page,
    items: page.items.map((item) => without(item, 'sender')),
  })),
  'finds no channel that is empty': pagesWith((page) => {
    if (page.items.length === 0) throw new TypeError('not found');
    return page;
  }),
  'leaves out what it said itself': pagesWith((page, { nonce }) => ({
    ...page,
    items: page.items.filter(({ id }) => !id?.startsWith(`${nonce}:`)),
  })),
  'claims a history': declares(({ history }) => ({ history: { ...history, support: 'native' } })),
  'ignores start and end': pages(
    (page) => (channel, query, signal) =>
      page(channel, { ...query, start: undefined, end: undefined }, signal),
  ),
  'counts its pages from the newest message': pages((page) => async (channel, query, signal) => {
    const { from = '#0', limit, direction } = query;
    if (direction === 'forwards' || !from.startsWith('#')) return page(channel, query, signal);
    const skipped = Number(from.slice(1));
    const all = { ...query, from: undefined, limit: 1_000 };
    const { items, complete } = await page(channel, all, signal);
    const end = skipped + limit;
    const rest = items.length > end ? { next: `#${end}` } : {};
    return { items: items.slice(skipped, end), complete, ...rest };
  }),
  'begins anew where it does not know a cursor': pages(
    (page) => (channel, query, signal) =>
      page(channel, query, signal).catch(() =>
        page(channel, { ...query, from: undefined }, signal),
      ),
  ),
  'repeats the message before the cursor': remembering(() => {
    let last: Inbound | undefined;
    return pages((page) => async (channel, query, signal) => {
      const found = await page(channel, query, signal);
      const before = last && query.from?.includes(last.id ?? '-') ? [last] : [];
      last = query.direction === 'forwards' ? found.items.at(-1) : undefined;
      return { ...found, items: [...before, ...found.items] };
    });
  }),
  'maps the names of channels for messages alone': pages(
    (page) =>
      (channel, ...call) =>
        page(channel.toLowerCase(), ...call),
  ),
};
