import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '@anywire/testkit/clock';
import { capabilitiesWith } from '@anywire/testkit/fake';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { failure, fate, testClient, type TestClient } from '../test/client.ts';
import type { Attachment } from './attachment.ts';
import type { RateLimit, RateLimits } from './capabilities.ts';
import { Rates } from './rates.ts';

const rate = (
  max: number,
  perMs: number,
  scope: RateLimit['scope'] = 'connection',
): RateLimit[] => [{ max, perMs, scope }];

/** All that `Rates` reads of a channel. */
const channelOf = (name: string, limits: RateLimits): Attachment =>
  ({ name, capabilities: capabilitiesWith({ limits }) }) as unknown as Attachment;

async function connected(limits: RateLimits, more: object = {}): Promise<TestClient> {
  const client = testClient({ fake: { capabilities: { limits } }, clientId: 'me', ...more });
  await client.realtime.connection.connect();
  return client;
}
/** When each message was handed to the adapter, in ms from now on. */
function written({ fake, clock }: TestClient): (readonly [unknown, number])[] {
  const start = clock.now();
  const times: (readonly [unknown, number])[] = [];
  fake.handle('publish', (call) => {
    for (const { data } of call.batch) times.push([data, clock.now() - start]);
    call.answer();
  });
  return times;
}

describe('publishes over the rate', () => {
  it('wait in order: of 7 at 3 in 1,000 ms the 4th goes after 1,000 ms and the 7th after 2,000', async () => {
    const client = await connected({ publish: rate(3, 1_000) });
    const times = written(client);
    const room = client.realtime.channel('room');
    const fates = [1, 2, 3, 4, 5, 6, 7].map((n) => fate(room.publish('e', n)));
    await client.clock.settle();
    const states = client.realtime.outbox.entries.get().map(({ state }) => state);
    expect(states).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    expect(client.clock.pending).toBe(2); // one timer for their ages, one for the rate
    await client.clock.advance(2_000);
    expect(times.map(([data, at]) => `${String(data)} ${at}`)).toEqual([
      '1 0',
      '2 0',
      '3 0',
      '4 1000',
      '5 1000',
      '6 1000',
      '7 2000',
    ]);
    expect(fates.every(({ outcome }) => outcome === 'resolved')).toBe(true);
  });

  it('split a batch: 2 of 5 travel at once where 2 may go', async () => {
    const client = await connected(
      { publish: rate(2, 100) },
      { fake: { capabilities: { limits: { publish: rate(2, 100) }, publish: { maxBatch: 10 } } } },
    );
    const room = client.realtime.channel('room');
    for (let n = 0; n < 5; n++) void room.publish('e', n);
    await client.clock.advance(1_000);
    expect(client.fake.all('publish').map(({ batch }) => batch.length)).toEqual([2, 2, 1]);
  });

  it('of one channel do not keep those of another waiting, where it is the channel that is limited', async () => {
    const client = await connected({ publish: rate(1, 1_000, 'channel') });
    const times = written(client);
    const [a, b] = [client.realtime.channel('a'), client.realtime.channel('b')];
    for (const [room, data] of [
      [a, 'a1'],
      [a, 'a2'],
      [b, 'b1'],
    ] as const)
      void room.publish('e', data);
    await client.clock.advance(1_000);
    expect(times).toEqual([
      ['a1', 0],
      ['b1', 0],
      ['a2', 1_000],
    ]);
  });

  it('expire at their age, and leave no timer behind', async () => {
    const client = await connected({ publish: rate(1, 10_000) }, { outboxAgeMs: 5_000 });
    const room = client.realtime.channel('room');
    await room.publish('e', 1);
    const late = fate(room.publish('e', 2));
    await client.clock.advance(5_000);
    expect(late.outcome).toBe('expired');
    await client.realtime.close();
    expect(client.clock.pending).toBe(0);
  });

  it('that are volatile are dropped, with 0 attempts and the level none', async () => {
    const client = await connected({ publish: rate(2, 1_000) });
    const room = client.realtime.channel('room');
    const attempts = async (): Promise<number> =>
      (await room.publish('e', 1, { volatile: true })).attempts;
    expect([await attempts(), await attempts(), await attempts()]).toEqual([1, 1, 0]);
    await client.clock.advance(1_000);
    expect(await attempts()).toBe(1);
  });

  it('go before a volatile one that comes at the moment at which there is room', async () => {
    const client = await connected({ publish: rate(1, 1_000) });
    const times = written(client);
    const room = client.realtime.channel('room');
    // Timers are late now and then: this one comes before the one that those who wait rely on.
    client.clock.schedule(() => void room.publish('e', 'volatile', { volatile: true }), 1_000);
    for (const n of [1, 2]) void room.publish('e', n);
    await client.clock.advance(1_000);
    expect(times.map(([data]) => data)).toEqual([1, 2]);
  });

  it('count again when they are sent again', async () => {
    const client = await connected({ publish: rate(2, 10_000) });
    const times = written(client);
    client.fake.handle('publish', (call) => {
      times.push([0, client.clock.now()]);
      if (times.length === 1) call.answer([{ error: failure('rate_limited') }]);
      else call.answer();
    });
    const room = client.realtime.channel('room');
    await Promise.all([room.publish('e', 1), client.clock.advance(1_000)]);
    const second = fate(room.publish('e', 2));
    await client.clock.advance(5_000);
    expect([times.length, second.outcome]).toEqual([2, 'pending']);
    await client.clock.advance(5_000);
    expect(second.outcome).toBe('resolved');
  });
});

describe('attaches and presence over the rate', () => {
  it('25 channels at 10 in 1,000 ms attach within 2,000 ms, and none fails', async () => {
    const client = await connected({ attach: rate(10, 1_000) });
    const fates = Array.from({ length: 25 }, (_, n) =>
      fate(client.realtime.channel(`room:${n}`).attach()),
    );
    const counts: number[] = [];
    for (const ms of [0, 999, 1, 999, 1]) {
      await client.clock.advance(ms);
      counts.push(client.fake.all('attach').length);
    }
    expect(counts).toEqual([10, 10, 20, 20, 25]);
    expect(fates.every(({ outcome }) => outcome === 'resolved')).toBe(true);
  });

  it('an attach that waits is given up with the connection, and asked for by the next one', async () => {
    const client = await connected({ attach: rate(1, 1_000) });
    await client.attached('a');
    const b = fate(client.realtime.channel('b').attach());
    await client.clock.advance(500);
    client.fake.drop();
    await client.clock.advance(10_000);
    expect(b.outcome).toBe('resolved');
    const names = client.fake.all('attach').map(({ channel }) => channel);
    expect(names).toEqual(['a', 'a', 'b']);
    await client.realtime.close();
    expect(client.clock.pending).toBe(0);
  });

  it('an attach that waits and is overtaken by a newer one of its channel takes no turn', async () => {
    const client = await connected({ attach: rate(2, 1_000) });
    const [a, b] = [await client.attached('a'), await client.attached('b')];
    a.presence.on('enter', () => {}); // waits
    client.fake.link.detached('a', { error: failure('server_error'), retry: 'now' });
    b.presence.on('enter', () => {});
    await client.clock.advance(1_000);
    const asked = client.fake.all('attach').slice(2);
    expect(asked.map(({ channel }) => channel).toSorted()).toEqual(['a', 'b']);
  });

  it('attach() itself ends at its deadline; the channel attaches when it may', async () => {
    const client = await connected({ attach: rate(1, 15_000) });
    await client.attached('a');
    const room = client.realtime.channel('b');
    const attach = fate(room.attach());
    await client.clock.advance(10_000);
    expect([attach.outcome, room.state.get()]).toEqual(['timeout', 'attaching']);
    await client.clock.advance(5_000);
    expect(room.state.get()).toBe('attached');
  });

  it('an attach that enters counts as both', async () => {
    const client = await connected({ presence: rate(1, 1_000) });
    await client.realtime.channel('a').presence.enter(1);
    const b = fate(client.realtime.channel('b').presence.enter(1));
    await client.clock.advance(999);
    expect(b.outcome).toBe('pending');
    await client.clock.advance(1);
    expect(b.outcome).toBe('resolved');
  });

  it('of 5 updates in a row the first and the newest are sent: what waits is overwritten', async () => {
    const client = await connected({ presence: rate(1, 1_000) });
    const { presence } = client.realtime.channel('room');
    await presence.enter(0);
    const fates = [1, 2, 3, 4, 5].map((n) => fate(presence.update(n)));
    await client.clock.advance(1_000);
    expect(client.fake.all('update').map(({ data }) => data)).toEqual([5]);
    const next = fate(presence.update(6));
    await client.clock.advance(1_000);
    expect(client.fake.all('update').map(({ data }) => data)).toEqual([5, 6]);
    expect([...fates, next].every(({ outcome }) => outcome === 'resolved')).toBe(true);
  });
});

describe('Rates', () => {
  it('takes a service that allows 0 for one that allows 1, and never turns in a loop', async () => {
    const clock = virtualClock();
    const rates = new Rates(clock);
    const room = channelOf('room', { publish: rate(0, 1_000) });
    expect(rates.take(room, ['publish'], 1)).toBe(1);
    const turn = rates.pass(room, ['publish'], []);
    await clock.advance(1_000);
    await turn;
    expect(clock.pending).toBe(0);
  });

  it('begins anew when the clock was set back by an hour', () => {
    let now = 10_000_000;
    const rates = new Rates({ now: () => now, schedule: () => () => {} });
    const room = channelOf('room', { publish: rate(1, 1_000) });
    expect(rates.take(room, ['publish'], 2)).toBe(1);
    now -= 3_600_000;
    expect(rates.take(room, ['publish'], 1)).toBe(1);
    expect(rates.take(room, ['publish'], 1)).toBe(0);
  });

  it('lets one who waits no more go, and calls nobody later', async () => {
    const clock = virtualClock();
    const rates = new Rates(clock);
    const room = channelOf('room', { attach: rate(1, 1_000) });
    rates.take(room, ['attach'], 1);
    const abort = new AbortController();
    const turn = rates.pass(room, ['attach'], [abort.signal]);
    abort.abort();
    await turn;
    expect(clock.pending).toBe(0);
    await clock.advance(1_000);
    expect(rates.take(room, ['attach'], 1)).toBe(1);
  });

  /** Lets operations pass that come at random times, and answers when each went. */
  async function run(
    limits: readonly RateLimit[],
    operations: readonly { readonly waitMs: number; readonly name: string }[],
  ): Promise<{ name: string; cameAt: number; wentAt: number }[]> {
    const clock = virtualClock(0);
    const rates = new Rates(clock);
    const went: { name: string; cameAt: number; wentAt: number }[] = [];
    for (const { waitMs, name } of operations) {
      await clock.advance(waitMs);
      const cameAt = clock.now();
      const note = (): void => void went.push({ name, cameAt, wentAt: clock.now() });
      const turn = rates.pass(channelOf(name, { publish: limits }), ['publish'], []);
      if (turn) void turn.then(note);
      else note();
    }
    while (clock.nextInMs !== undefined) await clock.advance(clock.nextInMs);
    expect(went).toHaveLength(operations.length);
    return went;
  }

  const limit = (...scopes: RateLimit['scope'][]): fc.Arbitrary<RateLimit> =>
    fc.record({
      max: fc.integer({ min: 1, max: 4 }),
      perMs: fc.integer({ min: 1, max: 200 }),
      scope: fc.constantFrom(...scopes),
    });
  const operations = fc.array(
    fc.record({
      waitMs: fc.oneof(fc.constant(0), fc.nat(60)),
      name: fc.constantFrom('a', 'b'),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it('lets at most max through in every window of perMs, and nobody waits for longer than needed', async () => {
    const oneScope = fc.oneof(
      fc.array(limit('connection'), { minLength: 1, maxLength: 3 }),
      fc.array(limit('channel'), { minLength: 1, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(oneScope, operations, async (limits, given) => {
        const went = await run(limits, given);
        const isShared = limits[0]?.scope === 'connection';
        for (const group of isShared ? [['a', 'b']] : [['a'], ['b']]) {
          const times: number[] = [];
          // In order of the calls, each as early as the ones before it allow.
          for (const { cameAt, wentAt } of went.filter(({ name }) => group.includes(name))) {
            const free = limits.map(({ max, perMs }) => (times.at(-max) ?? -Infinity) + perMs);
            expect(wentAt).toBe(Math.max(cameAt, times.at(-1) ?? 0, ...free));
            times.push(wentAt);
          }
        }
      }),
      { seed, numRuns: scale(60, 3_000) },
    );
  });

  it('holds rates of the connection and of a channel at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(limit('connection', 'channel'), { minLength: 2, maxLength: 4 }),
        operations,
        async (limits, given) => {
          const went = await run(limits, given);
          for (const { max, perMs, scope } of limits)
            for (const { name, wentAt } of went) {
              const window = went.filter(
                (other) =>
                  (scope === 'connection' || other.name === name) &&
                  other.wentAt >= wentAt &&
                  other.wentAt < wentAt + perMs,
              );
              expect(window.length).toBeLessThanOrEqual(max);
            }
        },
      ),
      { seed, numRuns: scale(60, 3_000) },
    );
  });
});
