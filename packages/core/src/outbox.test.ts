import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type Fate, type TestClient } from '../test/client.ts';
import type { Channel, OutboxEntry, Receipt } from './api.ts';
import type { Outbound } from './contract.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

/** Publishes each of `data`, in one tick. */
const publishAll = (room: Channel, data: readonly unknown[]): Fate<Receipt>[] =>
  data.map((value) => fate(room.publish('e', value)));

/** What was handed to the adapter, call by call, since the call numbered `from`. */
const batches = ({ fake }: TestClient, from = 0): unknown[][] =>
  fake
    .all('publish')
    .slice(from)
    .map(({ batch }) => batch.map(({ data }) => data));

const outcomes = (fates: readonly Fate<unknown>[]): string[] => fates.map(({ outcome }) => outcome);

const wide = { fake: { capabilities: { publish: { maxBatch: 100, inFlight: 100 } } } } as const;

describe('order', () => {
  it('sends what waited for the connection in the order of the calls, over 2 channels', async () => {
    const client = testClient(wide);
    const { realtime, clock, fake } = client;
    const [a, b] = [realtime.channel('a'), realtime.channel('b')];
    const fates = [a, b, a, b, a].map((channel, n) => fate(channel.publish('e', n)));
    await clock.settle();
    expect(fake.all('publish').map(({ channel, batch }) => [channel, batch.length])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(batches(client)).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
    expect(outcomes(fates)).toEqual(fates.map(() => 'resolved'));
  });

  it('sends publishes of one tick in one batch, of 2 ticks in 2', async () => {
    const client = await connected(wide);
    publishAll(client.room, [1, 2, 3]);
    await client.clock.settle();
    publishAll(client.room, [4]);
    await client.clock.settle();
    expect(batches(client)).toEqual([[1, 2, 3], [4]]);
  });

  it('cuts 5 publishes into batches of 2, 2 and 1 where maxBatch is 2', async () => {
    const client = await connected({
      fake: { capabilities: { publish: { maxBatch: 2, inFlight: 100 } } },
    });
    publishAll(client.room, [1, 2, 3, 4, 5]);
    await client.clock.settle();
    expect(batches(client)).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('has at most 2 unproven publishes of one channel out where inFlight is 2', async () => {
    const client = await connected({ fake: { capabilities: { publish: { inFlight: 2 } } } });
    const { fake, clock, room, realtime } = client;
    fake.hold('publish');
    const fates = publishAll(room, [1, 2, 3, 4]);
    void fate(realtime.channel('other').publish('e', 'x'));
    await clock.settle();
    expect(batches(client)).toEqual([[1], [2], ['x']]);
    fake.all('publish')[1]?.answer();
    await clock.settle();
    expect(batches(client, 3)).toEqual([[3]]);
    fake.release('publish');
    await clock.settle();
    expect(batches(client, 3)).toEqual([[3], [4]]);
    expect(outcomes(fates)).toEqual(fates.map(() => 'resolved'));
  });

  it('gives ids that are unique within their channel, also to a channel object made anew', async () => {
    const { room, realtime, fake, clock } = await connected();
    publishAll(room, [1, 2]);
    publishAll(realtime.channel('other'), [1]);
    void fate(room.publish('e', 3, { volatile: true }));
    publishAll(room, [4]);
    await clock.settle();
    const ids = fake
      .all('publish')
      .flatMap(({ batch, channel }) => batch.map(({ id }) => `${channel} ${id}`));
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(new RegExp(`^\\w+ ${fake.link.nonce}:\\d+$`));
  });
});

describe('after a drop', () => {
  it('sends again from the first unproven publish on, by the same ids, before anything new', async () => {
    const client = await connected();
    const { fake, clock, room } = client;
    fake.hold('publish');
    const fates = publishAll(room, [1, 2, 3]);
    await clock.settle();
    fake.all('publish')[0]?.answer();
    await clock.settle();
    fake.drop();
    fates.push(...publishAll(room, [4]));
    fake.handle('publish', (call) => call.answer());
    await clock.advance(250);
    expect(batches(client, 3)).toEqual([[2], [3], [4]]);
    const ids = fake.all('publish').map(({ batch }) => batch[0]?.id);
    expect(ids.slice(3, 5)).toEqual(ids.slice(1, 3));
    expect(fates.map(({ value }) => value?.attempts)).toEqual([1, 2, 2, 1]);
  });

  it('passes over 3 drops in a row without a loss, in order', async () => {
    const client = await connected(wide);
    const { fake, clock, room } = client;
    fake.hold('publish');
    const fates: Fate<Receipt>[] = [];
    for (let round = 0; round < 3; round += 1) {
      fates.push(...publishAll(room, [round * 2, round * 2 + 1]));
      await clock.settle();
      fake.drop();
      await clock.advance(1_000);
    }
    fake.release('publish');
    await clock.settle();
    expect(batches(client).at(-1)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(outcomes(fates)).toEqual(fates.map(() => 'resolved'));
  });

  it('ignores what the broken connection answers later', async () => {
    const client = await connected();
    const { fake, clock, room } = client;
    fake.hold('publish');
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    const [old] = fake.all('publish');
    fake.drop();
    old?.reject(failure('connection_failed'));
    await clock.advance(250);
    expect(seen?.outcome).toBe('pending');
    fake.release('publish');
    await clock.settle();
    expect(seen).toMatchObject({ outcome: 'resolved', value: { attempts: 2 } });
  });

  it('never sends again where the backend forgets ids: outcome_unknown at the drop', async () => {
    const client = await connected({
      fake: { capabilities: { idempotencyWindowMs: 0, publish: { inFlight: 1 } } },
    });
    const { fake, clock, room } = client;
    fake.hold('publish');
    const [written, waiting] = publishAll(room, [1, 2]);
    await clock.settle();
    fake.drop();
    await clock.settle();
    expect([written?.outcome, waiting?.outcome]).toEqual(['outcome_unknown', 'pending']);
    fake.release('publish');
    await clock.advance(250);
    expect(batches(client)).toEqual([[1], [2]]);
    expect(waiting?.outcome).toBe('resolved');
  });

  it('does not send again after the 5 s for which the backend remembers an id', async () => {
    const client = await connected({ fake: { capabilities: { idempotencyWindowMs: 5_000 } } });
    const { fake, clock, room } = client;
    fake.hold('publish');
    const [early] = publishAll(room, [1]);
    await clock.advance(2_000);
    const [late] = publishAll(room, [2]);
    await clock.settle();
    fake.hold('open');
    fake.drop();
    const [waiting] = publishAll(room, [3]);
    await clock.advance(3_500);
    fake.release('open', 'publish');
    await clock.settle();
    expect(batches(client, 2)).toEqual([[2], [3]]);
    expect(outcomes([early!, late!, waiting!])).toEqual([
      'outcome_unknown',
      'resolved',
      'resolved',
    ]);
  });

  it('counts 10 s from the newest try where the vendor’s session lives on', async () => {
    const client = await connected({ fake: { reconnect: 'adapter' } });
    const { fake, clock, room } = client;
    fake.hold('publish');
    const [seen] = publishAll(room, [1]);
    await clock.advance(4_000);
    fake.drop();
    await clock.advance(1_000);
    fake.reopen();
    await clock.advance(5_000); // 10 s after the first try, 5 s after the second
    expect(seen?.outcome).toBe('pending');
    fake.last('publish').answer();
    await clock.settle();
    expect(seen).toMatchObject({ outcome: 'resolved', value: { attempts: 2 } });
  });
});

describe('bounds', () => {
  const offline = async (options: Options): Promise<TestClient & { room: Channel }> => {
    const client = await connected(options);
    client.fake.hold('open');
    client.fake.drop();
    return client;
  };

  it('count: rejects the 3rd of 3 publishes where 2 may wait', async () => {
    const { room, clock } = await offline({ outboxMessages: 2 });
    const fates = publishAll(room, [1, 2, 3]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['pending', 'pending', 'outbox_full']);
  });

  it('count: drop-oldest rejects the 1st, and sends the others later', async () => {
    const client = await offline({ outboxMessages: 2, outboxOverflow: 'drop-oldest' });
    const fates = publishAll(client.room, [1, 2, 3]);
    await client.clock.settle();
    expect(outcomes(fates)).toEqual(['outbox_full', 'pending', 'pending']);
    client.fake.release('open');
    await client.clock.advance(10_000 + 500);
    expect(batches(client)).toEqual([[2], [3]]);
  });

  it('bytes: 30 may wait, so "10 characters" fits twice', async () => {
    const { room, clock } = await offline({ outboxBytes: 30 });
    const fates = publishAll(room, ['x'.repeat(10), 'x'.repeat(10), 'x'.repeat(10)]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['pending', 'pending', 'outbox_full']);
  });

  it('bytes: are those of UTF-8, so "€€€" counts as 11', async () => {
    const { room, clock } = await offline({ outboxBytes: 21 });
    const fates = publishAll(room, ['€€€', '€€€']);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['pending', 'outbox_full']);
  });

  it('bytes: are given back by an abort, a receipt and an expiry', async () => {
    const client = await offline({ outboxBytes: 30, outboxAgeMs: 5_000 });
    const { room, clock, fake } = client;
    const ten = 'x'.repeat(18);
    const abort = new AbortController();
    const first = fate(room.publish('e', ten, { signal: abort.signal }));
    abort.abort();
    await clock.settle();
    const [second] = publishAll(room, [ten]);
    await clock.advance(5_000);
    const [third] = publishAll(room, [ten]);
    await clock.settle();
    expect(outcomes([first, second!, third!])).toEqual(['aborted', 'expired', 'pending']);
    fake.release('open');
    await clock.advance(10_000);
    fake.hold('open');
    fake.drop();
    const [fourth] = publishAll(room, [ten]);
    await clock.settle();
    expect(fourth?.outcome).toBe('pending');
  });

  it('bytes: drop-oldest drops all for one that just fits', async () => {
    const { room, clock } = await offline({ outboxBytes: 30, outboxOverflow: 'drop-oldest' });
    const fates = publishAll(room, ['x', 'y', 'x'.repeat(28)]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['outbox_full', 'outbox_full', 'pending']);
  });

  it('bytes: drop-oldest drops nothing for one that could never fit', async () => {
    const { room, clock } = await offline({ outboxBytes: 30, outboxOverflow: 'drop-oldest' });
    const fates = publishAll(room, ['x', 'x'.repeat(40)]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['pending', 'outbox_full']);
  });

  it('age: who waited 60 s for a connection is told why there was none', async () => {
    const { room, clock, realtime } = await offline({ suspendAfterMs: 1_000_000 });
    const publish = room.publish('e', 1).catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await publish).toMatchObject({ code: 'expired', cause: realtime.connection.error });
    expect(realtime.connection.error).toBeDefined();
  });

  it('age: 60 s from the call, each publish for itself', async () => {
    const { room, clock } = await offline({ suspendAfterMs: 1_000_000 });
    const [first] = publishAll(room, [1]);
    await clock.advance(30_000);
    const [second] = publishAll(room, [2]);
    await clock.advance(29_999);
    expect(first?.outcome).toBe('pending');
    await clock.advance(1);
    expect(outcomes([first!, second!])).toEqual(['expired', 'pending']);
    await clock.advance(30_000);
    expect(second?.outcome).toBe('expired');
  });

  it('do not bind while connected: 3 of 3 are taken where 2 may wait', async () => {
    const { room, clock } = await connected({ outboxMessages: 2 });
    const fates = publishAll(room, [1, 2, 3]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['resolved', 'resolved', 'resolved']);
  });

  it('say outcome_unknown, and not expired or full, of what was written once', async () => {
    const client = await connected({
      outboxMessages: 2,
      outboxOverflow: 'drop-oldest',
      outboxAgeMs: 5_000,
    });
    const { fake, room, clock } = client;
    fake.hold('publish', 'open');
    const written = publishAll(room, [1, 2]);
    await clock.settle();
    fake.drop();
    const [pushing] = publishAll(room, [3]);
    await clock.settle();
    expect(outcomes(written)).toEqual(['outcome_unknown', 'pending']);
    await clock.advance(5_000);
    expect(outcomes([...written, pushing!])).toEqual([
      'outcome_unknown',
      'outcome_unknown',
      'expired',
    ]);
  });
});

describe('settling', () => {
  it('says outcome_unknown 10 s after it was written, and not before', async () => {
    const { fake, room, clock } = await connected();
    fake.hold('publish');
    const [seen] = publishAll(room, [1]);
    await clock.advance(9_999);
    expect(seen?.outcome).toBe('pending');
    await clock.advance(1);
    expect(seen?.outcome).toBe('outcome_unknown');
    expect(fake.last('publish').signal?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('aborted while it waits: it is never sent', async () => {
    const client = testClient();
    const abort = new AbortController();
    const seen = fate(client.realtime.channel('r').publish('e', 1, { signal: abort.signal }));
    abort.abort();
    await client.clock.settle();
    expect(seen.outcome).toBe('aborted');
    expect(client.fake.all('publish')).toEqual([]);
    expect(client.realtime.outbox.entries.get()).toEqual([]);
  });

  it('aborted while it is written: it is not sent again, and its late receipt does nothing', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.hold('publish');
    const abort = new AbortController();
    const seen = fate(room.publish('e', 1, { signal: abort.signal }));
    await clock.settle();
    abort.abort();
    await clock.settle();
    expect(seen.outcome).toBe('aborted');
    fake.drop();
    await clock.advance(1_000);
    expect(fake.all('publish')).toHaveLength(1);
  });

  it('aborted before the call: rejects, and nothing is sent', async () => {
    const { fake, room, clock } = await connected();
    const seen = fate(room.publish('e', 1, { signal: AbortSignal.abort() }));
    await clock.settle();
    expect(seen.outcome).toBe('aborted');
    expect(fake.all('publish')).toEqual([]);
  });

  it('forgets the signal of a publish that has settled', async () => {
    const { room } = await connected();
    const abort = new AbortController();
    const removed: string[] = [];
    const { signal } = abort;
    const { removeEventListener } = signal;
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      removed.push(args[0]);
      removeEventListener.apply(signal, args);
    };
    await room.publish('e', 1, { signal });
    expect(removed).toContain('abort');
  });

  it('a refusal that lasts rejects one of 3, and the others resolve', async () => {
    const { fake, room, clock } = await connected(wide);
    fake.handle('publish', (call) =>
      call.answer([
        { level: 'stored', serial: 1 },
        { error: failure('forbidden') },
        { level: 'stored', serial: 2 },
      ]),
    );
    const fates = publishAll(room, [1, 2, 3]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['resolved', 'forbidden', 'resolved']);
    expect(fates[2]?.value?.serial).toBe(2);
  });

  it('an outcome too few is outcome_unknown', async () => {
    const { fake, room, clock } = await connected(wide);
    fake.handle('publish', (call) => call.answer([{ level: 'accepted' }]));
    const fates = publishAll(room, [1, 2]);
    await clock.settle();
    expect(outcomes(fates)).toEqual(['resolved', 'outcome_unknown']);
  });

  it('a passing refusal pauses for what is asked and the jitter, then sends in order', async () => {
    const client = await connected({ fake: { capabilities: { publish: { inFlight: 3 } } } });
    const { fake, room, clock } = client;
    fake.hold('publish');
    const fates = publishAll(room, [1, 2]);
    await clock.settle();
    const [first, second] = fake.all('publish');
    first?.answer([{ error: failure('rate_limited'), retryAfterMs: 2_000 }]);
    second?.answer([{ error: failure('rate_limited'), retryAfterMs: 2_000 }]);
    await clock.settle();
    fates.push(...publishAll(room, [3]));
    fake.release('publish');
    await clock.advance(2_249);
    expect(batches(client, 2)).toEqual([]);
    await clock.advance(1);
    expect(batches(client, 2)).toEqual([[1], [2], [3]]);
    expect(fates.map(({ value }) => value?.attempts)).toEqual([2, 2, 1]);
  });

  it.each([0, 1_000, 120_000])(
    '3 passing refusals are known not to be stored: sent a 4th time where ids are kept for %i ms',
    async (idempotencyWindowMs) => {
      const { fake, room, clock } = await connected({
        fake: { capabilities: { idempotencyWindowMs } },
      });
      let refusals = 3;
      fake.handle('publish', (call) => {
        if (refusals-- > 0) call.answer([{ error: failure('rate_limited') }]);
        else call.answer();
      });
      const [seen] = publishAll(room, [1]);
      await clock.advance(10_000);
      expect(seen).toMatchObject({ outcome: 'resolved', value: { attempts: 4 } });
    },
  );

  it('a pause ends with the connection that asked for it', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('publish', (call) =>
      call.answer([{ error: failure('rate_limited'), retryAfterMs: 30_000 }]),
    );
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    fake.release('publish');
    fake.drop();
    await clock.advance(250);
    expect(seen).toMatchObject({ outcome: 'resolved', value: { attempts: 2 } });
  });

  it('a lasting refusal after a try that was lost: that try may have been stored', async () => {
    const { fake, room, clock } = await connected();
    fake.hold('publish');
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    fake.drop();
    fake.handle('publish', (call) => call.answer([{ error: failure('forbidden') }]));
    await clock.advance(250);
    expect(seen).toMatchObject({
      outcome: 'outcome_unknown',
      error: { cause: { code: 'forbidden' } },
    });
  });

  it('a passing refusal after a try that was lost: that try stays unknown', async () => {
    const client = await connected({ outboxAgeMs: 5_000 });
    const { fake, room, clock } = client;
    fake.hold('publish');
    const [lost] = publishAll(room, [1]);
    await clock.settle();
    fake.drop();
    fake.handle('publish', (call) => call.answer([{ error: failure('rate_limited') }]));
    const [refused] = publishAll(room, [2]);
    await clock.advance(5_000);
    expect(outcomes([lost!, refused!])).toEqual(['outcome_unknown', 'expired']);
  });

  it('a passing refusal that goes on waits longer each time, and ends after 60 s as expired', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    const began = clock.now();
    const at: number[] = [];
    fake.handle('publish', (call) => {
      at.push(clock.now() - began);
      call.answer([{ error: failure('server_error') }]);
    });
    const [seen] = publishAll(room, [1]);
    await clock.advance(59_999);
    expect(at.slice(0, 5)).toEqual([0, 250, 750, 1_750, 3_750]);
    expect(seen?.outcome).toBe('pending');
    await clock.advance(1);
    expect(seen?.outcome).toBe('expired');
  });

  it('a call that the adapter rejects whole rejects its publishes with that error', async () => {
    const { fake, room, clock } = await connected();
    fake.handle('publish', (call) => call.reject(failure('forbidden')));
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    expect(seen?.outcome).toBe('forbidden');
  });

  it.each(['connection_failed', 'server_error', 'rate_limited'] as const)(
    'a call that the adapter rejects whole with %s proves nothing: not sent again where ids are forgotten',
    async (code) => {
      const { fake, room, clock } = await connected({
        fake: { capabilities: { idempotencyWindowMs: 0 } },
      });
      fake.handle('publish', (call) => call.reject(failure(code)));
      const [seen] = publishAll(room, [1]);
      await clock.advance(10_000);
      expect(seen?.outcome).toBe('outcome_unknown');
      expect(fake.all('publish')).toHaveLength(1);
    },
  );

  it('a call that the adapter rejects because the connection broke, before it reports the drop, is sent again', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.hold('publish');
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    fake.last('publish').reject(failure('connection_failed'));
    await clock.settle(); // a socket's error event comes before its close event
    fake.drop();
    fake.release('publish');
    await clock.advance(250);
    expect(seen).toMatchObject({ outcome: 'resolved', value: { attempts: 2 } });
  });

  it('close() rejects what waits as closed, and what was written as outcome_unknown', async () => {
    const client = await connected({ fake: { capabilities: { publish: { inFlight: 1 } } } });
    client.fake.hold('publish');
    const fates = publishAll(client.room, [1, 2]);
    await client.clock.settle();
    await client.realtime.close();
    await client.clock.settle();
    expect(outcomes(fates)).toEqual(['outcome_unknown', 'closed']);
    expect(client.clock.pending).toBe(0);
    expect(client.fake.all('publish')[0]?.signal?.aborted).toBe(true);
  });

  it('close({ flushMs: 1_000 }) waits for the receipts of 2 publishes, and no longer', async () => {
    const client = await connected();
    client.fake.hold('publish');
    const fates = publishAll(client.room, [1, 2]);
    const closing = fate(client.realtime.close({ flushMs: 1_000 }));
    await client.clock.advance(500);
    expect(closing.outcome).toBe('pending');
    client.fake.release('publish');
    await client.clock.settle();
    expect(outcomes([...fates, closing])).toEqual(['resolved', 'resolved', 'resolved']);
  });

  it('close({ flushMs: 1_000 }) gives up after 1 s, also when called twice', async () => {
    const client = testClient();
    client.fake.hold('open');
    const [seen] = publishAll(client.realtime.channel('r'), [1]);
    const closing = [1, 2].map(() => fate(client.realtime.close({ flushMs: 1_000 })));
    await client.clock.advance(999);
    expect(outcomes(closing)).toEqual(['pending', 'pending']);
    await client.clock.advance(1);
    expect(outcomes(closing)).toEqual(['resolved', 'resolved']);
    expect(seen?.outcome).toBe('closed');
    expect(client.clock.pending).toBe(0);
  });

  it('close({ flushMs }) of an idle client resolves at once', async () => {
    const client = testClient();
    const closing = fate(client.realtime.close({ flushMs: 60_000 }));
    await client.clock.settle();
    expect(closing.outcome).toBe('resolved');
  });
});

describe('entries', () => {
  it('show what waits and what is written, each change in a new array', async () => {
    const client = testClient({ fake: { capabilities: { publish: { inFlight: 1 } } } });
    const { realtime, fake, clock } = client;
    const snapshots: (readonly OutboxEntry[])[] = [];
    realtime.outbox.entries.subscribe((entries) => snapshots.push(entries));
    fake.hold('publish');
    const room = realtime.channel('room');
    publishAll(room, [1, 2]);
    expect(realtime.outbox.entries.get()).toMatchObject([
      { channel: 'room', event: 'e', data: 1, state: 'waiting', queuedAt: clock.now() },
      { data: 2, state: 'waiting' },
    ]);
    await clock.settle();
    expect(realtime.outbox.entries.get().map(({ state }) => state)).toEqual(['written', 'waiting']);
    fake.release('publish');
    await clock.settle();
    expect(realtime.outbox.entries.get()).toEqual([]);
    expect(snapshots[0]).toEqual([]);
    expect(new Set(snapshots).size).toBe(snapshots.length);
  });

  it('have the id that the receipt has, and a snapshot that does not change by itself', async () => {
    const { realtime, room, fake, clock } = await connected();
    fake.hold('publish');
    const [seen] = publishAll(room, [1]);
    const before = realtime.outbox.entries.get();
    await clock.settle();
    expect(before[0]?.state).toBe('waiting');
    expect(realtime.outbox.entries.get()).toBe(realtime.outbox.entries.get());
    fake.release('publish');
    await clock.settle();
    expect(seen?.value?.id).toBe(before[0]?.id);
  });

  it('tell their subscribers nothing when a connection comes and goes that changes none of them', async () => {
    const { realtime, room, fake, clock } = await connected();
    fake.hold('open');
    fake.drop();
    publishAll(room, [1]);
    let changes = -1; // the first call is no change
    realtime.outbox.entries.subscribe(() => (changes += 1));
    fake.hold('publish');
    await clock.advance(130_000 - 80_000);
    expect(changes).toBe(0);
    fake.release('open');
    await clock.advance(1_000);
    expect(changes).toBe(1); // written
  });

  it('are waiting again after a drop', async () => {
    const { realtime, room, fake, clock } = await connected();
    fake.hold('publish');
    publishAll(room, [1]);
    await clock.settle();
    fake.drop();
    expect(realtime.outbox.entries.get()[0]?.state).toBe('waiting');
  });
});

describe('a backend that needs an attachment to publish', () => {
  const needsAttach = { fake: { capabilities: { publish: { needsAttach: true } } } } as const;

  it('is attached for it, then published to, and detached 2,500 ms after the receipt', async () => {
    const { room, fake, clock } = await connected(needsAttach);
    await room.publish('e', 1);
    expect(fake.calls.map(({ verb }) => verb)).toEqual(['open', 'attach', 'publish']);
    await clock.advance(2_499);
    expect(fake.all('detach')).toHaveLength(0);
    await clock.advance(1);
    expect(fake.all('detach')).toHaveLength(1);
    expect(room.state.get()).toBe('detached');
  });

  it('is attached once for 3 publishes, and again before what is sent after a drop', async () => {
    const { room, fake, clock } = await connected(needsAttach);
    fake.hold('publish');
    const fates = publishAll(room, [1, 2, 3]);
    await clock.settle();
    fake.drop();
    fake.hold('attach');
    fake.release('publish');
    await clock.advance(250);
    expect(fake.all('publish')).toHaveLength(3);
    fake.release('attach');
    await clock.settle();
    expect(fake.all('publish')).toHaveLength(6);
    expect(fake.all('attach')).toHaveLength(2);
    expect(outcomes(fates)).toEqual(['resolved', 'resolved', 'resolved']);
  });

  it('whose attach is refused for good rejects the publish with that reason', async () => {
    const { room, fake, clock } = await connected(needsAttach);
    fake.handle('attach', (call) => call.reject(failure('forbidden')));
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    expect(seen?.outcome).toBe('forbidden');
    expect(fake.all('publish')).toHaveLength(0);
  });

  it('whose attach is refused for now sends after the next try', async () => {
    const { room, fake, clock } = await connected(needsAttach);
    fake.handle('attach', (call) => call.reject(failure('server_error')));
    const [seen] = publishAll(room, [1]);
    await clock.settle();
    fake.release('attach');
    await clock.advance(250);
    expect(seen?.outcome).toBe('resolved');
  });

  it('drops a volatile publish while it is not attached', async () => {
    const { room, fake, clock, attached } = await connected(needsAttach);
    await expect(room.publish('e', 1, { volatile: true })).resolves.toMatchObject({ attempts: 0 });
    await attached('room');
    await expect(room.publish('e', 1, { volatile: true })).resolves.toMatchObject({ attempts: 1 });
    await clock.settle();
    expect(fake.all('publish')).toHaveLength(1);
  });
});

it('a channel’s own capabilities decide how its publishes travel', async () => {
  const client = await connected({
    fake: {
      capabilities: { publish: { maxBatch: 10, inFlight: 10 } },
      capabilitiesFor: ({ name }) =>
        name === 'strict'
          ? { idempotencyWindowMs: 0, publish: { maxBatch: 1, inFlight: 1, needsAttach: true } }
          : {},
    },
  });
  const { fake, clock, realtime, room } = client;
  fake.hold('publish', 'attach');
  const strict = publishAll(realtime.channel('strict'), [1, 2]);
  publishAll(room, ['a', 'b']);
  await clock.settle();
  expect(batches(client)).toEqual([['a', 'b']]);
  fake.release('attach');
  await clock.settle();
  expect(batches(client, 1)).toEqual([[1]]);
  fake.drop();
  await clock.settle();
  expect(outcomes(strict)).toEqual(['outcome_unknown', 'pending']);
});

it('hands the text of each publish to the adapter together with its data', async () => {
  const { room, fake } = await connected();
  await room.publish('e', { a: [1] });
  const [sent] = fake.last('publish').batch as [Outbound];
  expect(sent).toMatchObject({ event: 'e', data: { a: [1] }, json: '{"a":[1]}', volatile: false });
});
