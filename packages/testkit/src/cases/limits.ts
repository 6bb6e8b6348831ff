/** What a backend can do, and how much of it: capabilities are a ceiling, and nobody exceeds a rate. */
import type { Capabilities } from '@anywire/core';
import { expect } from 'vitest';
import type { ConformanceCase } from '../case.ts';

/** Of acks and of support, lowest first. */
const ranks = ['none', 'written', 'emulated', 'accepted', 'native', 'stored'];

/** Paths at which `has` is more than `declared`; rates apart, of which there may be more. */
function more(has: unknown, declared: unknown, path = ''): string[] {
  if (Array.isArray(declared) || path === '.limits') return [];
  if (typeof declared === 'object' && declared !== null)
    return Object.entries(has as object).flatMap(([name, value]) =>
      more(value, (declared as Record<string, unknown>)[name], `${path}.${name}`),
    );
  const isMore =
    typeof has === 'string'
      ? ranks.indexOf(has) > ranks.indexOf(String(declared))
      : Number(has) > Number(declared);
  // A duty is no feature.
  return isMore && path !== '.publish.needsAttach' ? [path] : [];
}

export const limitCases: readonly ConformanceCase[] = [
  {
    title: 'no channel has more than the adapter declares, before and after it is attached',
    async run({ client, wait, capabilities }) {
      const room = client().channel();
      const before: Capabilities = room.capabilities;
      await wait(room.attach());
      expect([...more(before, capabilities), ...more(room.capabilities, capabilities)]).toEqual([]);
    },
  },
];
