/**
 * A backend that keeps the order of senders alone, loses messages on a live connection, and cannot resume; and the app's own
 * store, which has all of them, the newest, or nothing.
 *
 * @see docs/semantics.md#order
 */
import type { Missed, Since } from '@anywire/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { testClient } from '../client.ts';
import { finds, holds, limitMs } from './property.ts';

const acts = ['live', 'live', 'lose', 'swap', 'repeat', 'cut', 'pause'] as const;
/** What happens until everything has come to rest, again and again. */
const scripts = fc.array(fc.array(fc.constantFrom(...acts), { maxLength: 6 }), { maxLength: 6 });
const stores = fc.constantFrom('whole', 'newest', 'none');

type Store = 'whole' | 'newest' | 'none';

/** What is wrong with it, for the seeded bugs. */
type Broken = 'numbers nothing' | 'says that it is whole';

const sent = (n: number, broken?: Broken) => ({
  event: 'e',
  data: n,
  id: `other:${n}`,
  action: 'create' as const,
  timestamp: n,
  ...(broken !== 'numbers nothing' && { sequence: n }),
});

async function play(script: (typeof acts)[number][][], store: Store, broken?: Broken) {
  const { realtime, fake, clock } = testClient({
    reconnectMinMs: 1,
    reconnectMaxMs: 1,
    fake: { capabilities: { order: 'sender', history: { support: 'none' } } },
  });
  let count = 0;
  const fetchSince = ({ id }: Since): Missed => {
    const first = id === undefined ? 1 : Number(id.split(':')[1]) + 1;
    const all = Array.from({ length: count - first + 1 }, (_, n) => sent(first + n, broken));
    const items = store === 'newest' ? all.slice(-2) : all;
    return { items, complete: items.length === all.length || broken === 'says that it is whole' };
  };
  const room = realtime.channel('room', store === 'none' ? {} : { fetchSince });
  const heard: number[] = [];
  const rounds: { missing: number; gaps: number }[] = [];
  let gaps = 0;
  room.on('e', (n) => heard.push(n as number));
  room.onGap(() => (gaps += 1));
  await room.attach();
  const live = (n = (count += 1)): void => fake.link.received('room', sent(n, broken));
  const does: Record<(typeof acts)[number], () => unknown> = {
    live: () => live(),
    lose: () => (count += 1),
    swap() {
      count += 2;
      live(count);
      live(count - 1);
    },
    repeat: () => live(count),
    pause: () => clock.advance(100),
    async cut() {
      fake.handle('attach', (call) => call.answer({ continuity: 'unknown' }));
      fake.drop();
      count += 1;
      await clock.advance(20);
    },
  };
  live();
  for (const round of script) {
    const before = { count, gaps };
    for (const act of round) await does[act]();
    live();
    await clock.advance(5_000);
    const since = heard.filter((n) => n > before.count);
    rounds.push({ missing: count - before.count - new Set(since).size, gaps: gaps - before.gaps });
  }
  await realtime.close();
  expect(clock.pending).toBe(0);
  return { heard, count, gaps, rounds };
}

const property = (given: fc.Arbitrary<Store>, broken?: Broken) =>
  fc.asyncProperty(scripts, given, async (script, store) => {
    const { heard, count, gaps, rounds } = await play(script, store, broken);
    expect(heard).toEqual([...new Set(heard)]);
    for (const { missing, gaps: told } of rounds) if (missing > 0) expect(told).toBeGreaterThan(0);
    if (store !== 'whole') return;
    expect(heard).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    expect(gaps).toBe(0);
  });

it(
  'each message of a sender is heard once; with the whole in the store all of them, in order, and else a gap is told',
  () => holds(property(stores)),
  limitMs,
);

it.each<[Broken, Store]>([
  ['numbers nothing', 'none'],
  ['says that it is whole', 'newest'],
])('finds a backend or a store that %s', (broken, store) =>
  finds(property(fc.constant(store), broken)),
);
