/** Pages of a list, and the relative links between them. @see SOURCE.md#ably-rest */
import { AblyError } from './errors.ts';

export interface Paged<Item = unknown> {
  readonly items: readonly Item[];
  /** As the header has it. */
  readonly links: string;
}

/** An item, and where it stands. */
export interface Placed<Item> {
  readonly at: string;
  readonly item: Item;
}

const defaultLimit = 100;
const maxLimit = 1_000;

/**
 * One page. `cursor` of the query names the item before its first one.
 *
 * @param all - In the order that was asked for.
 * @throws {AblyError} 40000
 */
export function pageOf<Item>(
  name: string,
  query: URLSearchParams,
  all: readonly Placed<Item>[],
): Paged<Item> {
  const text = query.get('limit') ?? String(defaultLimit);
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > maxLimit)
    throw new AblyError(
      40000,
      `limit must be a whole number from 1 to ${maxLimit}; it is "${text}"`,
    );
  const cursor = query.get('cursor');
  const before = cursor === null ? -1 : all.findIndex(({ at }) => at === cursor);
  if (cursor !== null && before < 0) throw new AblyError(40000, 'this page is known no more');
  const page = all.slice(before + 1, before + 1 + limit);
  const link = (rel: string, at: string | undefined): string => {
    const params = new URLSearchParams(query);
    params.delete('cursor');
    params.delete('envelope');
    params.delete('rnd');
    params.set('limit', text);
    if (at !== undefined) params.set('cursor', at);
    // A comma would end the link.
    return `<./${name}?${params.toString().replaceAll(',', '%2C')}>; rel="${rel}"`;
  };
  const links = [link('first', undefined), link('current', cursor ?? undefined)];
  if (before + 1 + limit < all.length) links.push(link('next', page.at(-1)?.at));
  return { items: page.map(({ item }) => item), links: links.join(',') };
}

/** `start`, `end` (ms, inclusive) and `direction` (backwards, unless said otherwise). @throws {AblyError} 40000 */
export function ordered<Item>(
  query: URLSearchParams,
  oldestFirst: readonly Placed<Item>[],
  msOf: (item: Item) => number,
): readonly Placed<Item>[] {
  const start = Number(query.get('start') ?? 0);
  const end = Number(query.get('end') ?? Infinity);
  if (!(start <= end)) throw new AblyError(40000, 'start must not be after end');
  const direction = query.get('direction') ?? 'backwards';
  if (direction !== 'backwards' && direction !== 'forwards')
    throw new AblyError(40000, `direction is backwards or forwards; it is "${direction}"`);
  const found = oldestFirst.filter(({ item }) => msOf(item) >= start && msOf(item) <= end);
  return direction === 'forwards' ? found : [...found].reverse();
}
