import type { ConformanceReport } from '@anywire/testkit';
import { capabilitiesWith } from '@anywire/testkit/fake';
import { expect, it } from 'vitest';
import { tableOf } from '../../scripts/capability-table.mjs';

const report = (name: string, patch: Partial<ConformanceReport> = {}): ConformanceReport => ({
  name,
  capabilities: capabilitiesWith(),
  passed: [],
  failed: [],
  leftOut: [],
  ...patch,
});
const lines = (...reports: ConformanceReport[]): string[] => tableOf(reports).split('\n');

it('the capability table has a column for each of 2 adapters, in words and units', () => {
  const poor = capabilitiesWith({
    ack: 'accepted',
    resume: { support: 'none', windowMs: 0 },
    maxPayloadBytes: 10_000,
    limits: { publish: [{ max: 10, perMs: 1_000, scope: 'connection' }] },
  });
  const table = lines(report('a'), report('b', { capabilities: poor }));
  expect(table[0]).toBe('|  | **a** | **b** |');
  for (const line of [
    '| highest ack | `stored` | `accepted` |',
    '| resume | native, within 2 min | none |',
    '| history | native, 1 h, 100 a page | native, 1 h, 100 a page |',
    '| largest payload | 64 KiB | 10,000 B |',
    '| rates | none stated | publish: 10 in 1 s per connection |',
  ])
    expect(table).toContain(line);
});

it('the page says what is declared and could not be tested, and not what is not declared', () => {
  const named = { area: 'order', title: 'x' };
  const table = lines(
    report('a', {
      passed: [named, named],
      leftOut: [
        { ...named, reason: 'not declared' },
        { ...named, reason: 'cannot be reordered' },
      ],
    }),
  );
  expect(table).toContain('| conformance cases that pass | 2 |');
  expect(table).toContain('| cases left out | 2 |');
  expect(table.filter((line) => line.startsWith('- '))).toEqual([
    '- order: x (cannot be reordered)',
  ]);
});
