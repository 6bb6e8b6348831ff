/**
 * The outbox against a backend that loses connections at the worst moments: before a publish is stored, or after it
 * was stored and before its receipt arrives.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { failure, fate, testClient, type Fate } from '../test/client.ts';
import type { Receipt } from './api.ts';

type Step = 'publish' | 'wait' | 'lose request' | 'lose receipt' | 'refuse' | 'drop';

const steps = fc.array(
  fc.constantFrom<Step>(
    'publish',
    'publish',
    'publish',
    'wait',
    'lose request',
    'lose receipt',
    'refuse',
    'drop',
  ),
  { maxLength: 40 },
);

/** Plays `script`; answers the backend's log (data, in the order in which it was stored) and each publish. */
async function play(
  script: readonly Step[],
  publish: { maxBatch: number; inFlight: number },
  idempotencyWindowMs: number,
): Promise<{ log: unknown[]; fates: Fate<Receipt>[] }> {
  const { realtime, fake, clock } = testClient({
    reconnectMinMs: 100,
    reconnectMaxMs: 100,
    fake: { capabilities: { publish, idempotencyWindowMs } },
  });
  const serials = new Map<string, number>();
  const log: unknown[] = [];
  let next: Step = 'wait';
  fake.handle('publish', (call) => {
    if (realtime.connection.state.get() !== 'connected') return; // written after what was lost
    const step = next;
    next = 'wait';
    if (step === 'lose request') return fake.drop();
    const error = failure('rate_limited');
    if (step === 'refuse') return call.answer(call.batch.map(() => ({ error })));
    const outcomes = call.batch.map(({ id, data }) => {
      const duplicate = idempotencyWindowMs > 0 && serials.has(id);
      if (!duplicate) serials.set(id, log.push(data));
      return { level: 'stored', serial: serials.get(id)!, duplicate } as const;
    });
    if (step === 'lose receipt') return fake.drop();
    call.answer(outcomes);
  });
  const room = realtime.channel('room');
  await realtime.connection.connect();
  const fates: Fate<Receipt>[] = [];
  for (const step of script) {
    if (step === 'publish') fates.push(fate(room.publish('e', fates.length)));
    else if (step === 'wait') await clock.advance(20);
    else if (step === 'drop' && realtime.connection.state.get() === 'connected') fake.drop();
    else next = step;
  }
  next = 'wait';
  await clock.advance(10_000);
  return { log, fates };
}

const each = { seed, numRuns: scale(150, 5_000) };

it('stores each publish exactly once and proves it, whatever is lost or refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (script, maxBatch, inFlight) => {
        const { log, fates } = await play(script, { maxBatch, inFlight }, 120_000);
        expect(fates.map(({ outcome }) => outcome)).toEqual(fates.map(() => 'resolved'));
        expect([...log].sort()).toEqual(fates.map((_, index) => index).sort());
        expect(fates.map(({ value }) => log[Number(value?.serial) - 1])).toEqual(
          fates.map((_, index) => index),
        );
      },
    ),
    each,
  );
}, 60_000);

it('stores in the order of the calls where nothing is refused, or one at a time is out', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (script, maxBatch, inFlight) => {
        const calm = script.filter((step) => step !== 'refuse' || inFlight === 1);
        const { log } = await play(calm, { maxBatch, inFlight }, 120_000);
        expect(log).toEqual([...log].sort((a, b) => Number(a) - Number(b)));
      },
    ),
    each,
  );
}, 60_000);

it('stores nothing twice where the backend forgets ids, and says outcome_unknown of what it cannot know', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const { log, fates } = await play(script, { maxBatch: 2, inFlight: 4 }, 0);
      expect(new Set(log).size).toBe(log.length);
      fates.forEach(({ outcome }, index) => {
        expect(['resolved', 'outcome_unknown']).toContain(outcome);
        if (outcome === 'resolved') expect(log).toContain(index);
      });
    }),
    each,
  );
}, 60_000);
