/** Mutants of history. */
import { declares, pages, pagesWith, type Mutants } from './mutant.ts';

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
    items: page.items.map(({ sender: _, ...item }) => item),
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
};
