/**
 * Narrows what an adapter declares by what the service stated when it answered: the lesser of both counts. Pure.
 *
 * @see docs/semantics.md#capabilities · narrow.test.ts
 */
import type { AckLevel, Capabilities, Limits, Support } from './capabilities.ts';

/** Of acks and of support, lowest first. */
const ranks: readonly unknown[] = [
  'none',
  'written',
  'emulated',
  'accepted',
  'native',
  'stored',
] satisfies (AckLevel | Support)[];

/** Comparable; less than every level where there is none. */
export const rankOf = (level: AckLevel | Support | undefined): number => ranks.indexOf(level);

/** `declared`, less what each of `stated` takes away; the same object while they are the same. */
export function narrowing(
  declared: Capabilities,
): (...stated: readonly (Limits | undefined)[]) => Capabilities {
  let last: readonly unknown[] = [];
  let value = declared;
  return (...stated) => {
    if (stated.some((limits, index) => limits !== last[index])) {
      value = stated.reduce<unknown>(lesser, declared) as Capabilities;
      last = stated;
    }
    return value;
  };
}

function lesser(declared: unknown, stated: unknown): unknown {
  if (stated === undefined) return declared;
  if (declared === undefined) return stated;
  // Of rates, all hold.
  if (Array.isArray(declared)) return declared.concat(stated);
  switch (typeof declared) {
    case 'object': {
      const [ours, theirs] = [declared, stated] as Record<string, unknown>[];
      const both = Object.entries({ ...theirs, ...ours });
      return Object.fromEntries(both.map(([name]) => [name, lesser(ours?.[name], theirs?.[name])]));
    }
    case 'number':
      return Math.min(declared, stated as number);
    case 'boolean':
      return declared && stated;
    default:
      return ranks.indexOf(stated) < ranks.indexOf(declared) ? stated : declared;
  }
}
