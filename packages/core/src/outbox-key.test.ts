import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type Fate, type TestClient } from '../test/client.ts';
import type { Channel, Receipt } from './api.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

/** Connected once, and away now. */
async function offline(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = await connected(options);
  client.fake.hold('open');
  client.fake.drop();
  return client;
}

const keyed = (room: Channel, key: string, data: unknown): Fate<Receipt> =>
  fate(room.publish('e', data, { key }));

/** What was handed to the adapter, over all channels. */
const sent = ({ fake }: TestClient): unknown[] =>
  fake.all('publish').flatMap(({ batch }) => batch.map(({ data }) => data));

const waiting = ({ realtime }: TestClient): unknown[] =>
  realtime.outbox.entries.get().map(({ data }) => data);

async function comeBack({ fake, clock }: TestClient): Promise<void> {
  fake.release('open');
  await clock.advance(10_000);
}

describe('a publish with a key', () => {
  it('replaces the one that waits with it: of 3 the newest alone is sent', async () => {
    const client = await offline();
    const fates = [1, 2, 3].map((n) => keyed(client.room, 'cursor', n));
    expect(waiting(client)).toEqual([3]);
    await comeBack(client);
    expect(sent(client)).toEqual([3]);
    expect(fates.map(({ outcome }) => outcome)).toEqual(fates.map(() => 'resolved'));
  });

  it('resolves the one that it replaces at once, with its own id, level none and 0 attempts', async () => {
    const client = await offline();
    const old = keyed(client.room, 'cursor', 1);
    const [entry] = client.realtime.outbox.entries.get();
    const newest = keyed(client.room, 'cursor', 2);
    await client.clock.settle();
    expect(old.value).toEqual({
      id: entry?.id,
      level: 'none',
      serial: undefined,
      timestamp: undefined,
      attempts: 0,
    });
    expect(newest.outcome).toBe('pending');
  });

  it('keeps the place of its own call among the others of its channel', async () => {
    const client = await offline({ fake: { capabilities: { publish: { maxBatch: 10 } } } });
    keyed(client.room, 'cursor', 1);
    void fate(client.room.publish('e', 'a'));
    keyed(client.room, 'cursor', 2);
    void fate(client.room.publish('e', 'b'));
    expect(waiting(client)).toEqual(['a', 2, 'b']);
    await comeBack(client);
    expect(sent(client)).toEqual(['a', 2, 'b']);
  });

  it('replaces nothing of another key, another channel, or without a key', async () => {
    const client = await offline();
    const other = client.realtime.channel('other');
    keyed(client.room, 'x', 1);
    keyed(client.room, 'y', 2);
    keyed(other, 'x', 3);
    void fate(client.room.publish('e', 4));
    void fate(client.room.publish('e', 5));
    expect(waiting(client)).toEqual([1, 2, 3, 4, 5]);
  });

  it('may have any name, also one that objects have', async () => {
    const client = await offline();
    for (const key of ['__proto__', 'constructor', '', '__proto__'])
      keyed(client.room, key, `${key} ${waiting(client).length}`);
    expect(waiting(client)).toEqual(['constructor 1', ' 2', '__proto__ 3']);
  });

  it('is never replaced once it is written, also when it waits again after a drop', async () => {
    const client = await connected();
    const { fake, clock, room } = client;
    fake.hold('publish');
    const written = keyed(room, 'cursor', 1);
    await clock.settle();
    keyed(room, 'cursor', 2);
    fake.drop();
    keyed(room, 'cursor', 3);
    keyed(room, 'cursor', 4);
    expect(waiting(client)).toEqual([1, 4]);
    fake.release('publish');
    await clock.advance(250);
    expect(sent(client)).toEqual([1, 1, 4]);
    expect(written.value).toMatchObject({ level: 'stored', attempts: 2 });
  });

  it('makes room by what it replaces: 100 positions fit where 1 message and 1 byte more may wait', async () => {
    const client = await offline({ outboxMessages: 1, outboxBytes: 3 });
    const fates = Array.from({ length: 100 }, (_, n) => keyed(client.room, 'cursor', n));
    await client.clock.settle();
    expect(waiting(client)).toEqual([99]);
    expect(fates.filter(({ outcome }) => outcome === 'outbox_full')).toEqual([]);
  });

  it('replaces nothing when it does not fit itself', async () => {
    const client = await offline({ outboxBytes: 5 });
    const small = keyed(client.room, 'cursor', 1);
    const large = keyed(client.room, 'cursor', 'x'.repeat(10));
    await client.clock.settle();
    expect([small.outcome, large.outcome]).toEqual(['pending', 'outbox_full']);
    expect(waiting(client)).toEqual([1]);
  });

  it('waits as long as any other: from its own call, and not from that of the one it replaced', async () => {
    const client = await offline({ outboxAgeMs: 5_000 });
    keyed(client.room, 'cursor', 1);
    await client.clock.advance(4_000);
    const newest = keyed(client.room, 'cursor', 2);
    await client.clock.advance(4_999);
    expect(newest.outcome).toBe('pending');
    await client.clock.advance(1);
    expect(newest.outcome).toBe('expired');
    expect(client.clock.pending).toBe(2); // the next try, and the end of it
  });

  it('that is replaced does not abort the newer one by its own signal', async () => {
    const client = await offline();
    const abort = new AbortController();
    const old = fate(client.room.publish('e', 1, { key: 'k', signal: abort.signal }));
    const newest = keyed(client.room, 'k', 2);
    abort.abort();
    await comeBack(client);
    expect([old.value?.attempts, newest.value?.attempts]).toEqual([0, 1]);
  });

  it('that is replaced resolves also where a level was asked for: it was not sent, and has nothing to prove', async () => {
    const client = await offline();
    const old = fate(client.room.publish('e', 1, { key: 'k', ack: 'stored' }));
    keyed(client.room, 'k', 2);
    await client.clock.settle();
    expect(old.value).toMatchObject({ level: 'none', attempts: 0 });
  });

  it('that is volatile is invalid: it never waits', async () => {
    const { room, clock } = await connected();
    const seen = fate(room.publish('e', 1, { key: 'k', volatile: true }));
    await clock.settle();
    expect(seen.outcome).toBe('invalid');
  });

  it('that is replaced leaves no local copy where the backend does not echo', async () => {
    const client = await offline({ fake: { capabilities: { echo: 'none' } } });
    const heard: unknown[] = [];
    client.room.on('e', (data) => heard.push(data));
    [1, 2, 3].forEach((n) => keyed(client.room, 'cursor', n));
    await comeBack(client);
    expect(heard).toEqual([3]);
  });
});

describe('the wire sequence', () => {
  /** `channel data sequence` of each hand-over. */
  const sequences = ({ fake }: TestClient): string[] =>
    fake
      .all('publish')
      .flatMap(({ channel, batch }) =>
        batch.map(({ data, sequence }) => `${channel} ${String(data)} ${sequence ?? '-'}`),
      );

  it('is 1, 2, 3 in each channel, in the order of the hand-over', async () => {
    const client = await connected();
    const other = client.realtime.channel('other');
    for (const [room, n] of [
      [client.room, 'a'],
      [other, 'b'],
      [client.room, 'c'],
    ] as const)
      await room.publish('e', n);
    expect(sequences(client)).toEqual(['room a 1', 'other b 1', 'room c 2']);
  });

  it('is given at the first hand-over, so what was never handed over leaves no hole', async () => {
    const client = await offline({ outboxMessages: 2, outboxOverflow: 'drop-oldest' });
    const abort = new AbortController();
    void fate(client.room.publish('e', 'dropped'));
    void fate(client.room.publish('e', 'aborted', { signal: abort.signal }));
    void fate(client.room.publish('e', 'sent'));
    abort.abort();
    await comeBack(client);
    await client.room.publish('e', 'next');
    expect(sequences(client)).toEqual(['room sent 1', 'room next 2']);
  });

  it('is the same when it is sent again, after a drop and after a passing refusal', async () => {
    const client = await connected();
    const { fake, clock, room } = client;
    fake.hold('publish');
    void fate(room.publish('e', 'a'));
    void fate(room.publish('e', 'b'));
    await clock.settle();
    fake.drop();
    await clock.advance(250);
    fake.all('publish')[2]?.answer([{ error: failure('rate_limited') }]);
    fake.release('publish');
    await clock.advance(1_000);
    await room.publish('e', 'c');
    expect(sequences(client)).toEqual([
      'room a 1',
      'room b 2',
      'room a 1',
      'room b 2',
      'room a 1',
      'room c 3',
    ]);
  });

  it('is not given to what is volatile or has a key', async () => {
    const client = await connected();
    await client.room.publish('e', 'a');
    await client.room.publish('e', 'v', { volatile: true });
    await client.room.publish('e', 'k', { key: 'k' });
    await client.room.publish('e', 'b');
    expect(sequences(client)).toEqual(['room a 1', 'room v -', 'room k -', 'room b 2']);
  });

  it('goes on after a detach, a close and a new connection, and begins anew with a new client', async () => {
    const client = await connected();
    await client.room.publish('e', 'a');
    await client.room.attach();
    await client.room.detach();
    await client.realtime.close();
    await client.realtime.connection.connect();
    await client.room.publish('e', 'b');
    expect(sequences(client)).toEqual(['room a 1', 'room b 2']);
    const next = await connected();
    await next.room.publish('e', 'a');
    expect(sequences(next)).toEqual(['room a 1']);
  });
});

it('one timer is enough for 500 publishes that wait, and each still expires for itself', async () => {
  const client = await offline({ suspendAfterMs: 1_000_000 });
  const timers = client.clock.pending;
  const fates: Fate<Receipt>[] = [];
  for (let n = 0; n < 500; n += 1) {
    fates.push(fate(client.room.publish('e', n)));
    await client.clock.advance(10);
  }
  expect(client.clock.pending).toBe(timers + 1);
  await client.clock.advance(60_000 - 5_000 - 1);
  expect(fates.filter(({ outcome }) => outcome === 'expired')).toHaveLength(0);
  for (const gone of [1, 2, 3]) {
    await client.clock.advance(gone === 1 ? 1 : 10);
    expect(fates.filter(({ outcome }) => outcome === 'expired')).toHaveLength(gone);
  }
  await client.clock.advance(5_000);
  expect(client.realtime.outbox.entries.get()).toEqual([]);
  expect(client.clock.pending).toBe(timers);
});
