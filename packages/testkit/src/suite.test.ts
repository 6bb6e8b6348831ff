import { memory } from '@anywire/core/memory';
import { describe, expect, it } from 'vitest';
import { inContext } from './case-context.ts';
import type { ConformanceCase } from './case.ts';
import type { ConformanceBackend, ConformanceHarness, FaultName } from './harness.ts';
import { whyNot } from './suite.ts';

const faults = ['drop', 'refuse'] as const satisfies FaultName[];

function harness(
  more: Partial<ConformanceHarness<ConformanceBackend>> = {},
): ConformanceHarness<ConformanceBackend> {
  const adapter = memory();
  return {
    capabilities: adapter.capabilities,
    setup: () => ({ adapter: () => adapter }),
    credentials: 'no tokens',
    faults: { drop: () => {}, refuse: 'nobody to refuse' } as never,
    leftOut: 0,
    ...more,
  };
}

const one = (more: Partial<ConformanceCase> = {}): ConformanceCase => ({
  title: 'a case',
  run: async () => {},
  ...more,
});

describe('why a case is left out', () => {
  it('is nothing where the harness can do all that it needs', () => {
    expect(whyNot(one({ faults: ['drop'], otherChannels: true }), harness())).toBe(undefined);
  });

  it('is the first of: not declared, no credentials, one channel, a fault, the title', () => {
    const told = harness({ oneChannel: 'one room', cannot: { 'a case': 'by its nature' } });
    const last = { faults };
    const third = { ...last, otherChannels: true } as const;
    const second = { ...third, credentials: true } as const;
    expect(whyNot(one({ ...second, needs: () => false }), told)).toBe('not declared');
    expect(whyNot(one(second), told)).toBe('no tokens');
    expect(whyNot(one(third), told)).toBe('one room');
    expect(whyNot(one(last), told)).toBe("no 'refuse': nobody to refuse");
    expect(whyNot(one(), told)).toBe('by its nature');
  });
});

describe('a case on a service with one channel', () => {
  it('that uses another without saying so fails by name', async () => {
    const run = inContext(harness({ oneChannel: 'one room' }), async ({ other }) => {
      other('second');
    });
    await expect(run).rejects.toThrow("the case does not say 'otherChannels'");
  });
});
