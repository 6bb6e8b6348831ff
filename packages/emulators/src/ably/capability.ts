/**
 * What a key or a token may do: operations by patterns of channel names.
 *
 * @see SOURCE.md#ably-auth · https://ably.com/docs/auth/capabilities
 */
import { AblyError } from './errors.ts';

export type Operation =
  | 'publish'
  | 'subscribe'
  | 'presence'
  | 'history'
  | 'channel-metadata'
  | 'stats'
  | 'annotation-publish'
  | 'annotation-subscribe'
  | 'message-update-own'
  | 'message-update-any'
  | 'message-delete-own'
  | 'message-delete-any';

/** Patterns (`*`, `namespace:*`, `[*]*`, a name) and what is allowed there (`*`: everything). */
export type Capability = ReadonlyMap<string, ReadonlySet<string>>;

export const everything: Capability = new Map([['*', new Set(['*'])]]);

/** @throws {AblyError} 40000 */
export function parseCapability(given: unknown): Capability {
  try {
    const value = (typeof given === 'string' ? JSON.parse(given) : given) as object;
    const entries = Object.entries(value).map(([pattern, operations]): [string, Set<string>] => {
      if (!Array.isArray(operations) || operations.length === 0) throw new Error('empty');
      return [pattern, new Set(operations.map(String))];
    });
    if (Array.isArray(value)) throw new Error('a list');
    return new Map(entries);
  } catch {
    throw new AblyError(40000, 'invalid capability: expected JSON such as {"*":["*"]}');
  }
}

/** As it is signed and shown: keys and operations in their order. */
export const canonical = (capability: Capability): string =>
  JSON.stringify(
    Object.fromEntries(
      [...capability]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([pattern, operations]) => [pattern, [...operations].sort()]),
    ),
  );

/** Whether a pattern covers a name, or another pattern. */
export function covers(pattern: string, name: string): boolean {
  if (pattern === name || pattern === '*' || pattern === '[*]*') return true;
  if (!pattern.endsWith('*')) return false;
  return name.startsWith(pattern.slice(0, -1)) && pattern.at(-2) === ':';
}

export const allows = (capability: Capability, channel: string, operation: Operation): boolean =>
  [...capability].some(
    ([pattern, operations]) =>
      covers(pattern, channel) && (operations.has('*') || operations.has(operation)),
  );

/**
 * What both allow: that is what a token gets.
 *
 * @throws {AblyError} 40160, when that is nothing
 */
export function intersect(key: Capability, asked: Capability): Capability {
  const found = new Map<string, Set<string>>();
  const add = (pattern: string, operations: Iterable<string>): void => {
    const known = found.get(pattern) ?? new Set();
    for (const operation of operations) known.add(operation);
    if (known.size > 0) found.set(pattern, known);
  };
  for (const [mine, allowed] of key)
    for (const [theirs, wanted] of asked) {
      const pattern = covers(mine, theirs) ? theirs : covers(theirs, mine) ? mine : undefined;
      if (pattern !== undefined) add(pattern, common(allowed, wanted));
    }
  if (found.size === 0) throw new AblyError(40160, 'the key allows nothing of what was asked for');
  return found;
}

function common(one: ReadonlySet<string>, other: ReadonlySet<string>): Iterable<string> {
  if (one.has('*')) return other;
  if (other.has('*')) return one;
  return [...one].filter((operation) => other.has(operation));
}
