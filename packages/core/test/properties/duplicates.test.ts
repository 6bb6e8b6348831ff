/**
 * What comes twice, late, or again under another serial: a listener hears each message once, and every one that came.
 *
 * @see docs/semantics.md#duplicates · packages/core/src/delivered.ts
 */
import { createRealtime, type Inbound, type Link } from '@anywire/core';
import { virtualClock } from '@anywire/testkit/clock';
import { fakeAdapter } from '@anywire/testkit/fake';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { finds, holds, limitMs, spoiled } from './property.ts';

const orders = ['serial', 'overtaking', 'sender', 'none'] as const;
type Order = (typeof orders)[number];

interface Step {
  /**
   * `late`: stored, and reported after the next ones · `again`: reported a second time · `lost`: the service restarted,
   * and counts from 1 · `resent`: a sender sends again what was stored before the restart.
   */
  readonly do: 'new' | 'late' | 'again' | 'kept' | 'lost' | 'resent';
  readonly which: number;
}

const some = (weight: number, act: Step['do']): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(act), which: fc.nat(30) }),
});

const scripts = fc.array(
  fc.oneof(
    some(8, 'new'),
    some(3, 'late'),
    some(4, 'again'),
    some(1, 'kept'),
    some(1, 'lost'),
    some(2, 'resent'),
  ),
  { maxLength: 60 },
);

/** What is wrong with the adapter, for the seeded bugs. */
interface Broken {
  readonly spoil?: (link: Link) => Partial<Link>;
  readonly claims?: Order;
}

async function play(
  script: readonly Step[],
  order: Order,
  { spoil = () => ({}), claims = order }: Broken = {},
): Promise<void> {
  const clock = virtualClock();
  const fake = fakeAdapter({
    capabilities: { order: claims, resume: { support: 'none' }, history: { support: 'none' } },
  });
  const realtime = createRealtime({
    adapter: spoiled(fake, spoil),
    clock,
    random: () => 0.5,
    reconnectMinMs: 10,
    reconnectMaxMs: 10,
    heartbeatMs: 0,
    log: () => {},
  });
  const room = realtime.channel('room');
  const heard: string[] = [];
  room.onAny(({ id }) => heard.push(id as string));
  await room.attach();

  let serial = 0;
  const counts = [0, 0, 0];
  const stored: Inbound[] = [];
  const reported: string[] = [];
  const late: Inbound[] = [];
  const store = (id: string): Inbound => {
    serial += 1;
    const message = {
      event: 'e',
      data: id,
      id,
      serial,
      cursor: `c${serial}`,
      action: 'create',
    } as const;
    stored.push(message);
    return message;
  };
  const report = (message: Inbound): void => {
    reported.push(message.id as string);
    fake.link.received('room', message);
  };
  const reportLate = (): void => late.splice(0).forEach(report);
  const comeBack = async (continuity: 'kept' | 'lost'): Promise<void> => {
    reportLate();
    fake.handle('attach', (call) => {
      const after = Number(call.request.cursor?.replace(/^\D+/, ''));
      const backlog = continuity === 'kept' ? stored.slice(after) : [];
      call.answer({ continuity, cursor: `c${serial}`, backlog: backlog.length > 0 });
      for (const message of backlog) fake.link.received('room', { ...message, replayed: true });
      if (backlog.length > 0) fake.link.replayed('room');
    });
    fake.drop();
    await clock.advance(1_000);
  };
  const next = (which: number): string => {
    const sender = which % counts.length;
    return `sender${sender}:${(counts[sender] = (counts[sender] ?? 0) + 1)}`;
  };
  const acts: Readonly<Record<Step['do'], (which: number) => unknown>> = {
    new(which) {
      report(store(next(which)));
      if (late.length > 2) reportLate();
    },
    late: (which) => (order === 'serial' ? acts.new(which) : late.push(store(next(which)))),
    again(which) {
      const message = stored.at(-1 - which);
      if (message && !late.includes(message)) report(message);
    },
    kept: () => comeBack('kept'),
    async lost() {
      serial = 0;
      stored.length = 0;
      await comeBack('lost');
    },
    resent(which) {
      const id = reported.at(-1 - which);
      if (id !== undefined && !stored.some((message) => message.id === id)) report(store(id));
    },
  };
  for (const step of script) await acts[step.do](step.which);
  reportLate();
  await clock.advance(1_000);
  await realtime.close();
  await clock.settle();

  expect(heard).toEqual([...new Set(heard)]);
  expect([...heard].sort()).toEqual([...new Set(reported)].sort());
  if (order === 'serial') expect(heard).toEqual([...new Set(reported)]);
}

const property = (broken?: Broken): fc.IRawProperty<[Step[], Order]> =>
  fc.asyncProperty(scripts, fc.constantFrom(...orders), (script, order) =>
    play(script, order, broken),
  );

it(
  'each message that came is heard once, whatever came twice, late, or again under another serial',
  () => holds(property()),
  limitMs,
);

// --- seeded bugs ---

it('finds an adapter that gives what comes again another id', () =>
  finds(
    property({
      spoil({ received }) {
        const seen = new Set<string | undefined>();
        return {
          received(channel, message) {
            const { id } = message;
            received(channel, seen.has(id) ? { ...message, id: `${id} again` } : message);
            seen.add(id);
          },
        };
      },
    }),
  ));

it('finds an adapter that claims an order which it does not keep', () =>
  finds(property({ claims: 'serial' })));
