import { describe, expect, it } from 'vitest';
import { failure, heard, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel, ChannelOptions, Gap, Since } from './api.ts';
import type { AttachedInfo, HistoryPage, Inbound } from './contract.ts';

type Options = Parameters<typeof testClient>[0];
type Attached = TestClient & { room: Channel; data: unknown[]; gaps: Gap[] };

const jitterMs = 250; // random is 0.5

/** A client with an attached channel, and all that it hears: data and gaps, in one order. */
async function attached(options: Options = {}, channel: ChannelOptions = {}): Promise<Attached> {
  const client = testClient(options);
  const room = client.realtime.channel('room', channel);
  const data = heard(room);
  const gaps: Gap[] = [];
  room.onGap((gap) => {
    gaps.push(gap);
    data.push('gap');
  });
  await client.clock.settle();
  return { ...client, room, data, gaps };
}

const poor = { fake: { capabilities: { history: { after: false } } } } as const;
const overtaking = { fake: { capabilities: { order: 'overtaking' } } } as const;

const stored = (...serials: number[]): Inbound[] =>
  serials.map((serial) => message(serial, { timestamp: serial * 1_000 }));

/** Comes back with a hole, behind which the backend's history answers `pages`, one after the other. */
async function comeBack(
  { fake, clock }: TestClient,
  pages: readonly (HistoryPage | Error)[],
  info: AttachedInfo = { continuity: 'unknown', cursor: 'c9' },
): Promise<void> {
  const left = [...pages];
  fake.handle('attach', (call) => call.answer(info));
  fake.handle('history', (call) => {
    const page = left.shift();
    if (page instanceof Error) call.reject(page as never);
    else if (page) call.answer(page);
  });
  fake.drop();
  await clock.advance(250);
}

const page = (items: readonly Inbound[], more: Partial<HistoryPage> = {}): HistoryPage => ({
  items,
  complete: true,
  ...more,
});

describe('a hole that history covers', () => {
  it('is repaired: 2 missed messages come in order, before 2 newer ones, and no gap is told', async () => {
    const client = await attached();
    const { fake, clock, data } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(2, 3))]);
    fake.link.received('room', message(4));
    fake.link.received('room', message(5));
    expect(data).toEqual([1]); // what is newer waits
    await clock.advance(jitterMs);
    expect(data).toEqual([1, 2, 3, 4, 5]);
    expect(fake.last('history').query).toMatchObject({ direction: 'forwards', from: 'c1' });
    fake.link.received('room', message(6));
    expect(data.at(-1)).toBe(6);
  });

  it('begins with jitter, not at once: at 250 ms with random 0.5, at 0 ms with 0', async () => {
    const client = await attached();
    await comeBack(client, [page([])]);
    await client.clock.advance(jitterMs - 1);
    expect(client.fake.all('history')).toEqual([]);
    await client.clock.advance(1);
    expect(client.fake.all('history')).toHaveLength(1);
    const eager = await attached({ random: () => 0 });
    await comeBack(eager, [page([])]);
    expect(eager.fake.all('history')).toHaveLength(1);
  });

  it('is read over 2 pages, and what history and the wire both have comes once', async () => {
    const client = await attached();
    const { fake, clock, data } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(2, 3), { next: 'c3' }), page(stored(4, 5))]);
    fake.link.received('room', message(5));
    await clock.advance(jitterMs);
    expect(data).toEqual([1, 2, 3, 4, 5]);
  });

  it('3 messages that wait come all, where retention has cut off the first of them meanwhile', async () => {
    const client = await attached();
    const { fake, clock, data } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(3, 4), { complete: false })]);
    for (const serial of [2, 3, 4]) fake.link.received('room', message(serial));
    await clock.advance(jitterMs);
    expect(data).toEqual([1, 'gap', 2, 3, 4]);
  });

  it('a listener that asks for a rewind meanwhile is served after it, and hears each message once', async () => {
    const client = await attached();
    const { fake, clock, room } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(2)), page(stored(3, 2))]);
    fake.link.received('room', message(3));
    const late = heard(room, { rewind: 2 });
    await clock.settle();
    expect(fake.all('history')).toEqual([]);
    await clock.advance(jitterMs);
    expect(late).toEqual([2, 3]);
    fake.link.received('room', message(4));
    expect(late).toEqual([2, 3, 4]);
  });

  it('a rewind whose page was read before an interruption is read anew after the repair', async () => {
    const client = await attached();
    const { fake, clock, room } = client;
    fake.link.received('room', message(1));
    fake.hold('history');
    const late = heard(room, { rewind: 1 });
    await clock.settle();
    const early = fake.last('history');
    fake.link.attached('room', { continuity: 'unknown', cursor: 'c2' });
    early.answer(page(stored(2)));
    await clock.settle();
    expect(late).toEqual([]);
    fake.handle('history', (call) => call.answer(page(stored(2))));
    await clock.advance(jitterMs);
    expect(late).toEqual([2]);
  });

  it('the next resume goes on from the newest message', async () => {
    const client = await attached();
    const { fake, clock } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(2, 3))], { continuity: 'unknown', cursor: 'c3' });
    await clock.advance(jitterMs);
    fake.link.received('room', message(4));
    fake.drop();
    await clock.advance(20_000);
    expect(fake.last('attach').request.cursor).toBe('c4');
  });

  it('messages that are found are marked as replayed, live ones that waited are not', async () => {
    const client = await attached();
    const marks: unknown[] = [];
    client.room.onAny(({ data, replayed }) => marks.push([data, replayed]));
    await comeBack(client, [page(stored(1))]);
    client.fake.link.received('room', message(2));
    await client.clock.advance(jitterMs);
    expect(marks).toEqual([
      [1, true],
      [2, false],
    ]);
  });
});

describe('a backend whose pages go backwards alone', () => {
  it('is read until the last delivered message, over 2 pages', async () => {
    const client = await attached(poor);
    const { fake, clock, data } = client;
    for (const one of stored(1, 2)) fake.link.received('room', one);
    await comeBack(client, [page(stored(6, 5), { next: 'c4' }), page(stored(4, 3, 2, 1))]);
    await clock.advance(jitterMs);
    expect(data).toEqual([1, 2, 3, 4, 5, 6]);
    expect(fake.all('history').map(({ query }) => query.from)).toEqual(['c9', 'c4']);
  });

  it('without that message: delivers what is newer, and tells', async () => {
    const client = await attached(poor);
    const { fake, clock, data, gaps } = client;
    for (const one of stored(3)) fake.link.received('room', one);
    await comeBack(client, [page(stored(8, 7, 2), { complete: false })]);
    fake.link.received('room', message(9));
    await clock.advance(jitterMs);
    expect(data).toEqual([3, 7, 8, 'gap', 9]);
    expect(gaps).toMatchObject([{ continuity: 'unknown', since: 'c3', until: 'c9', recovered: 2 }]);
  });

  it('where it holds nothing any more, that is told', async () => {
    const client = await attached(poor);
    await comeBack(client, [page([])]);
    await client.clock.advance(jitterMs);
    expect(client.gaps).toMatchObject([{ continuity: 'unknown', recovered: 0 }]);
  });

  it('where nothing was delivered before, what is found may be older than the attach: it is told', async () => {
    const client = await attached(poor);
    await comeBack(client, [page(stored(2, 1))]);
    await client.clock.advance(jitterMs);
    expect(client.data).toEqual(['gap']);
  });

  it('a serial of another epoch is not taken for the last delivered message', async () => {
    const client = await attached(poor);
    const { fake, clock, data } = client;
    fake.link.received('room', message(2, { timestamp: 2_000 }));
    const other = message(2, { cursor: 'n2', id: 'new:1', timestamp: 5_000, data: 'other' });
    await comeBack(client, [page([other])]);
    await clock.advance(jitterMs);
    expect(data).toEqual([2, 'other', 'gap']);
  });
});

it('at the position that was reached nothing was published: nothing is asked and told, and nothing waits', async () => {
  const client = await attached();
  const { fake, clock, data } = client;
  fake.link.received('room', message(1));
  await comeBack(client, [], { continuity: 'unknown', cursor: 'c1' });
  fake.link.received('room', message(1));
  fake.link.received('room', message(2));
  expect(data).toEqual([1, 2]);
  await clock.advance(60_000);
  expect(fake.all('history')).toEqual([]);
  expect(data).toEqual([1, 2]);
});

it('a backend that says `lost` is believed, also at the position that was reached', async () => {
  const client = await attached();
  client.fake.link.received('room', message(1));
  await comeBack(client, [page([], { complete: false })], { continuity: 'lost', cursor: 'c1' });
  await client.clock.advance(jitterMs);
  expect(client.gaps).toMatchObject([{ continuity: 'lost' }]);
});

describe('a hole that cannot be repaired', () => {
  it.each<[string, HistoryPage | Error, number]>([
    ['retention cut off its begin', page(stored(5, 6), { complete: false }), 2],
    ['the epoch is gone', failure('history_expired'), 0],
    ['history is forbidden', failure('forbidden'), 0],
  ])(
    'because %s: what was found, then the gap, then what is newer',
    async (_, answer, recovered) => {
      const client = await attached();
      const { fake, clock, data, gaps } = client;
      fake.link.received('room', message(1));
      await comeBack(client, [answer]);
      fake.link.received('room', message(9));
      await clock.advance(jitterMs);
      expect(data).toEqual([1, ...[5, 6].slice(0, recovered), 'gap', 9]);
      expect(gaps).toMatchObject([{ continuity: 'unknown', since: 'c1', until: 'c9', recovered }]);
    },
  );

  it('because history does not answer within 10 s: the gap says why', async () => {
    const client = await attached();
    await comeBack(client, []);
    await client.clock.advance(jitterMs + 10_000);
    expect(client.gaps[0]?.reason).toMatch(/^not resumed; .*timeout.*10000 ms/);
  });

  it('because more than 3 messages wait: lost, at once, and all of them come', async () => {
    const client = await attached({ repairMessages: 3 });
    const { fake, data, gaps } = client;
    await comeBack(client, []);
    for (const n of [1, 2, 3]) fake.link.received('room', message(n));
    expect(data).toEqual([]);
    fake.link.received('room', message(4));
    expect(data).toEqual(['gap', 1, 2, 3, 4]);
    expect(gaps).toMatchObject([{ continuity: 'lost', reason: 'over 3 messages waited' }]);
  });

  it('because more than 3 are missing: what was read comes, and the rest is told', async () => {
    const client = await attached({ repairMessages: 3 });
    const { fake, clock, data } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(2, 3, 4), { next: 'c4' })]);
    await clock.advance(jitterMs);
    expect(fake.last('history').query.limit).toBe(3);
    expect(data).toEqual([1, 2, 3, 4, 'gap']);
  });

  it('a backend that gave what it still had is not asked again', async () => {
    const client = await attached();
    const { fake, clock, data } = client;
    await comeBack(client, [], { continuity: 'lost', cursor: 'c9', backlog: true });
    fake.link.received('room', message(8, { replayed: true }));
    fake.link.replayed('room');
    await clock.advance(1_000);
    expect(data).toEqual([8, 'gap']);
    expect(fake.all('history')).toEqual([]);
  });
});

describe('during a repair', () => {
  it('a late listener with a rewind of 3 gets each message once, in order, when the repair is over', async () => {
    const client = await attached();
    const { fake, clock, room } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [page(stored(2, 3)), page(stored(4, 3, 2))]);
    fake.link.received('room', message(4));
    const late = heard(room, { rewind: 3 });
    await clock.settle();
    expect(fake.all('history')).toEqual([]);
    await clock.advance(jitterMs);
    expect(late).toEqual([2, 3, 4]);
    expect(client.data).toEqual([1, 2, 3, 4]);
  });

  it('a rewind that was out before the drop brings nothing twice', async () => {
    const client = await attached();
    const { fake, clock, room } = client;
    fake.link.received('room', message(1));
    fake.hold('history');
    const late = heard(room, { rewind: 3 });
    await clock.settle();
    const all = page(stored(3, 2, 1));
    fake.handle('attach', (call) => call.answer({ continuity: 'unknown', cursor: 'c9' }));
    fake.handle('history', ({ query, answer }) =>
      answer(query.direction === 'forwards' ? page(stored(2, 3)) : all),
    );
    fake.drop();
    await clock.advance(20_000);
    fake.link.received('room', message(4));
    expect(late).toEqual([1, 2, 3, 4]);
    expect(client.data).toEqual([1, 2, 3, 4]);
  });

  it('a late listener that holds 2, when serials start anew, hears 2 and then serial 1', async () => {
    const client = await attached();
    const { fake, clock, room } = client;
    fake.link.received('room', message(1));
    fake.hold('history');
    const late = heard(room, { rewind: 1 });
    await clock.settle();
    fake.link.received('room', message(2));
    const next = message(1, { id: 'other:3', cursor: 'n1', data: 3 });
    await comeBack(client, [failure('history_expired'), page([next])], {
      continuity: 'lost',
      cursor: 'n0',
    });
    fake.link.received('room', next);
    await clock.advance(jitterMs);
    expect(late).toEqual([2, 3]);
  });

  it('a rewind that was read before it is not taken for one that was read after it', async () => {
    const client = await attached({ fake: { capabilities: { history: { after: true } } } });
    const { fake, clock, room } = client;
    fake.link.received('room', message(1));
    fake.hold('history');
    const late = heard(room, { rewind: 1 });
    await clock.settle();
    const early = fake.last('history');
    fake.link.attached('room', { continuity: 'lost', cursor: 'n0', backlog: true });
    fake.handle('history', () => {});
    fake.link.replayed('room');
    await clock.settle();
    early.answer(page(stored(1)));
    await clock.settle();
    expect(late).toEqual([]);
    fake.last('history').answer(page([]));
    await clock.settle();
    fake.link.received('room', message(1, { id: 'other:2', cursor: 'n1', data: 2 }));
    expect(late).toEqual([2]);
  });

  it('who begins to watch its members waits until it is over', async () => {
    const client = await attached();
    await comeBack(client, [page([])]);
    const attaches = client.fake.all('attach').length;
    client.room.presence.on('enter', () => {});
    await client.clock.settle();
    expect(client.fake.all('attach')).toHaveLength(attaches);
    await client.clock.advance(jitterMs);
    expect(client.fake.last('attach').request.presence).toBe('watch');
    expect(client.gaps).toEqual([]);
  });
});

describe('a repair that is interrupted', () => {
  it('by a drop begins anew from the same place: repaired, and nothing is told', async () => {
    const client = await attached();
    const { fake, clock, data } = client;
    fake.link.received('room', message(1));
    await comeBack(client, []);
    fake.link.received('room', message(4));
    await comeBack(client, [page(stored(2, 3, 4))]);
    expect(fake.last('attach').request.cursor).toBe('c1');
    await clock.advance(2 * jitterMs);
    expect(data).toEqual([1, 2, 3, 4]);
  });

  it('by a vendor that reconnects by itself: what waited comes, and the gap is told', async () => {
    const client = await attached({ fake: { reconnect: 'adapter' } });
    const { fake, data } = client;
    fake.link.received('room', message(1));
    fake.link.attached('room', { continuity: 'unknown', cursor: 'c3' });
    fake.link.received('room', message(4));
    fake.drop();
    expect(data).toEqual([1, 'gap', 4]);
    fake.reopen('kept');
    fake.link.received('room', message(5));
    expect(data).toEqual([1, 'gap', 4, 5]);
  });

  it('by close(): nothing comes any more, and no timer is left', async () => {
    const client = await attached();
    await comeBack(client, []);
    client.fake.link.received('room', message(4));
    await client.realtime.close();
    expect(client.data).toEqual([]);
    expect(client.clock.pending).toBe(0);
  });

  it('by a listener that closes: nothing comes after it', async () => {
    const client = await attached();
    await comeBack(client, [page(stored(1, 2))]);
    client.room.on('e', () => void client.realtime.close());
    await client.clock.advance(jitterMs);
    expect(client.data.filter((value) => value !== 'gap')).toEqual([1]);
  });
});

describe('fetchSince', () => {
  it('finds what the backend has not, and is told where to begin', async () => {
    const asked: Since[] = [];
    const client = await attached(
      { fake: { capabilities: { history: { support: 'none' } } } },
      {
        fetchSince: (since) => {
          asked.push(since);
          return { items: [{ event: 'e', data: 'mine' }], complete: true };
        },
      },
    );
    const { fake, clock, data } = client;
    for (const one of stored(1)) fake.link.received('room', one);
    await comeBack(client, []);
    fake.link.received('room', message(3));
    await clock.advance(jitterMs);
    expect(data).toEqual([1, 'mine', 3]);
    expect(asked).toMatchObject([{ cursor: 'c1', id: 'other:1', serial: 1, timestamp: 1_000 }]);
  });

  it('also finds what a backend that gave all it had has not', async () => {
    const fetchSince = () => ({ items: stored(2, 3, 4), complete: true });
    const client = await attached({}, { fetchSince });
    const { fake, clock, data } = client;
    fake.link.received('room', message(1));
    await comeBack(client, [], { continuity: 'lost', cursor: 'c4', backlog: true });
    fake.link.received('room', message(4, { replayed: true }));
    fake.link.replayed('room');
    fake.link.received('room', message(5));
    await clock.advance(jitterMs);
    expect(data).toEqual([1, 2, 3, 4, 5]);
  });

  it.each<[string, () => Promise<never>]>([
    ['that throws', () => Promise.reject(new Error('no store'))],
    ['that never answers', () => new Promise(() => {})],
  ])('%s is a gap, within 10 s', async (_, fetchSince) => {
    const client = await attached({}, { fetchSince });
    await comeBack(client, []);
    await client.clock.advance(jitterMs + 10_000);
    expect(client.data).toEqual(['gap']);
  });
});

describe('messages that overtake each other', () => {
  it('5 stored, 6 stored, 6 triggered, 5 triggered: both come, in order, without waiting for a timer', async () => {
    const { fake, data, clock } = await attached(overtaking);
    for (const serial of [4, 6, 5, 7]) fake.link.received('room', message(serial));
    expect(data).toEqual([4, 5, 6, 7]);
    expect(clock.pending).toBe(0);
  });

  it('an early one waits for 500 ms; then what is missing is read from history', async () => {
    const { fake, data, clock } = await attached(overtaking);
    fake.handle('history', (call) => call.answer(page(stored(2, 3))));
    for (const serial of [1, 3, 4]) fake.link.received('room', message(serial));
    await clock.advance(500 + jitterMs - 1);
    expect(data).toEqual([1]);
    await clock.advance(1);
    expect(data).toEqual([1, 2, 3, 4]);
  });

  it('without history the hole is told after 500 ms, and one that comes even later is delivered', async () => {
    const capabilities = { order: 'overtaking', history: { support: 'none' } } as const;
    const { fake, data, gaps, clock } = await attached({ fake: { capabilities } });
    for (const serial of [1, 4, 3]) fake.link.received('room', message(serial));
    await clock.advance(499);
    expect(data).toEqual([1]);
    await clock.advance(1);
    fake.link.received('room', message(2));
    expect(data).toEqual([1, 'gap', 3, 4, 2]);
    expect(gaps).toMatchObject([{ continuity: 'unknown', since: 'c1' }]);
  });

  it('a row of a trigger, without an id, comes once however often it is reported', async () => {
    const { fake, data } = await attached(overtaking);
    for (const serial of [1, 2, 2, 1, 3]) {
      const { id, ...row } = message(serial);
      expect(id).toBeDefined();
      fake.link.received('room', row);
    }
    expect(data).toEqual([1, 2, 3]);
  });
});

describe('where the first message of an attachment may have overtaken one', () => {
  const withoutId = ({ id: _, ...rest }: Inbound): Inbound => rest;
  const row = (serial: number): Inbound => withoutId(message(serial));

  it('2 arrives, and a cut before 1: the next resume goes on from the attach', async () => {
    const { fake, clock, data } = await attached(overtaking);
    fake.link.received('room', row(2));
    await clock.advance(499);
    fake.handle('attach', (call) => {
      call.answer({ continuity: 'kept', cursor: 'c2', backlog: true });
      for (const serial of [1, 2]) fake.link.received('room', { ...row(serial), replayed: true });
      fake.link.replayed('room');
    });
    fake.drop();
    await clock.advance(250);
    expect(fake.last('attach').request.cursor).toBe('fake:0');
    expect(data).toEqual([2, 1]);
  });

  it('500 ms later it goes on from the newest one, whichever came last', async () => {
    const { fake, clock } = await attached(overtaking);
    for (const serial of [2, 1]) fake.link.received('room', row(serial));
    await clock.advance(500);
    fake.drop();
    await clock.advance(250);
    expect(fake.last('attach').request.cursor).toBe('c2');
  });

  it.each([0, 500])(
    '2 and 1 arrive, and the backend cannot resume %d ms later: neither comes again, without ids',
    async (ms) => {
      const client = await attached(overtaking);
      const { fake, clock, data } = client;
      for (const serial of [2, 1]) fake.link.received('room', row(serial));
      await clock.advance(ms);
      await comeBack(client, [page([1, 2, 3].map(row))], { continuity: 'unknown', cursor: 'c3' });
      await clock.advance(jitterMs);
      expect(data).toEqual([2, 1, 3]);
    },
  );
});

describe('a hole in the wire sequence of a sender', () => {
  const sender = { order: 'sender', history: { support: 'none' } } as const;
  const numbered = (n: number): Inbound => message(n, { sequence: n });

  it('a retried 6 after 7: both come, in order, when 6 arrives within 500 ms', async () => {
    const { fake, data, gaps, clock } = await attached({ fake: { capabilities: sender } });
    for (const n of [5, 7, 6, 7]) fake.link.received('room', numbered(n));
    await clock.advance(1_000);
    expect(data).toEqual([5, 6, 7]);
    expect(gaps).toEqual([]);
  });

  it('that stays is at most `unknown`, told once', async () => {
    const { fake, data, gaps, clock } = await attached({ fake: { capabilities: sender } });
    for (const n of [5, 7, 8]) fake.link.received('room', numbered(n));
    await clock.advance(1_000);
    expect(data).toEqual([5, 'gap', 7, 8]);
    expect(gaps).toMatchObject([{ continuity: 'unknown' }]);
  });
});

it('a remount inside the window gets its rewind of 2 again', async () => {
  const { fake, clock, realtime } = testClient({
    lingerMs: 0,
    fake: { capabilities: { order: 'sender' } },
  });
  fake.handle('attach', (call) => {
    call.answer({ continuity: 'initial', cursor: 'c2', backlog: true });
    for (const one of stored(1, 2)) fake.link.received('room', { ...one, replayed: true });
    fake.link.replayed('room');
  });
  const mounts: unknown[][] = [];
  for (let mount = 0; mount < 2; mount += 1) {
    const seen: unknown[] = [];
    const off = realtime.channel('room').on('e', (value) => seen.push(value), { rewind: 2 });
    await clock.settle();
    off();
    mounts.push(seen);
  }
  expect(mounts).toEqual([
    [1, 2],
    [1, 2],
  ]);
});
