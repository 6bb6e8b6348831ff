import { describe, expect, it } from 'vitest';
import { failure, fate, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel, HistoryOptions, Page } from './api.ts';
import type { HistoryPage } from './contract.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

/** Answers like a backend with the messages 1 to `count`, newest first, in pages of the limit. */
function keep({ fake }: TestClient, count: number): void {
  fake.handle('history', ({ query: { limit, from }, answer }) => {
    const newest = from === undefined ? count : Number(from);
    const last = Math.max(0, newest - limit);
    const items = [];
    for (let serial = newest; serial > last; serial -= 1) items.push(message(serial));
    answer({ items, complete: true, ...(last > 0 && { next: String(last) }) });
  });
}

async function read(room: Channel, options?: HistoryOptions): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  for await (const page of room.history(options)) pages.push(page.items.map(({ data }) => data));
  return pages;
}

describe('pages', () => {
  it('of 2 out of 5 messages: 3 pages, newest first', async () => {
    const client = await connected();
    keep(client, 5);
    expect(await read(client.room, { limit: 2 })).toEqual([[5, 4], [3, 2], [1]]);
    expect(client.fake.all('history').map(({ query }) => query)).toMatchObject([
      { limit: 2, direction: 'backwards' },
      { limit: 2, direction: 'backwards', from: '3' },
      { limit: 2, direction: 'backwards', from: '1' },
    ]);
  });

  it('are asked for one by one, as the reader wants them, and not after it stops', async () => {
    const client = await connected();
    keep(client, 100);
    for await (const page of client.room.history({ limit: 2 })) {
      expect(page.items).toHaveLength(2);
      expect(page.next).toBe('98');
      break;
    }
    expect(client.fake.all('history')).toHaveLength(1);
  });

  it('may be of 1', async () => {
    const client = await connected();
    keep(client, 2);
    expect(await read(client.room, { limit: 1 })).toEqual([[2], [1]]);
  });

  it('are of 100 by default, and never larger than the backend’s', async () => {
    const client = await connected({ fake: { capabilities: { history: { limit: 30 } } } });
    await read(client.room);
    await read(client.room, { limit: 10 });
    expect(client.fake.all('history').map(({ query }) => query.limit)).toEqual([30, 10]);
  });

  it('pass direction, from, start and end on', async () => {
    const client = await connected();
    await read(client.room, { direction: 'forwards', from: 'c7', start: 1, end: 2, limit: 3 });
    expect(client.fake.last('history').query).toMatchObject({
      direction: 'forwards',
      from: 'c7',
      start: 1,
      end: 2,
      limit: 3,
    });
  });

  it('hold messages that are marked as replayed, and say when retention has cut them off', async () => {
    const client = await connected();
    client.fake.handle('history', (call) => call.answer({ items: [message(1)], complete: false }));
    const pages: Page[] = [];
    for await (const page of client.room.history()) pages.push(page);
    expect(pages).toMatchObject([
      { items: [{ channel: 'room', data: 1, replayed: true, local: false }], complete: false },
    ]);
    expect(pages[0]?.next).toBeUndefined();
  });

  it('need no attachment, and make none', async () => {
    const client = testClient();
    await read(client.realtime.channel('room'));
    expect(client.fake.calls.map(({ verb }) => verb)).toEqual(['open', 'history']);
  });

  it('hold own messages also with echo: false', async () => {
    const client = await connected();
    const quiet = client.realtime.channel('quiet', { echo: false });
    const own: HistoryPage = {
      items: [message(1, { id: `${client.fake.link.nonce}:1` })],
      complete: true,
    };
    client.fake.handle('history', (call) => call.answer(own));
    expect(await read(quiet)).toEqual([[1]]);
  });
});

describe('from: attach', () => {
  it('begins where the attachment began, not where it is now', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.answer({ continuity: 'initial', cursor: 'a0' }));
    await client.room.attach();
    client.fake.link.received('room', message(1));
    await read(client.room, { from: 'attach' });
    expect(client.fake.last('history').query.from).toBe('a0');
  });

  it('waits for the attach that is on its way', async () => {
    const client = await connected();
    client.fake.hold('attach');
    client.room.on('e', () => {});
    const page = fate(client.room.history({ from: 'attach' }).next());
    await client.clock.advance(5_000);
    expect(client.fake.all('history')).toEqual([]);
    client.fake.last('attach').answer({ continuity: 'initial', cursor: 'a0' });
    await client.clock.settle();
    expect(page.outcome).toBe('resolved');
    expect(client.fake.last('history').query.from).toBe('a0');
  });

  it('stays where it began over a drop that was kept, and moves with one that was lost', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.answer({ continuity: 'initial', cursor: 'a0' }));
    await client.room.attach();
    for (const [continuity, cursor, from] of [
      ['kept', 'a1', 'a0'],
      ['lost', 'a2', 'a2'],
    ] as const) {
      client.fake.handle('attach', (call) => call.answer({ continuity, cursor }));
      client.fake.drop();
      await client.clock.advance(20_000);
      await read(client.room, { from: 'attach' });
      expect(client.fake.last('history').query.from).toBe(from);
    }
  });

  it('of a backend without cursors is left to the adapter', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.answer({ continuity: 'initial' }));
    await client.room.attach();
    await read(client.room, { from: 'attach' });
    expect(client.fake.last('history').query.from).toBe('attach');
  });

  it('of a channel that nobody uses attaches it for the question', async () => {
    const client = await connected();
    const page = fate(client.room.history({ from: 'attach' }).next());
    await client.clock.advance(10_000);
    expect(page.outcome).toBe('resolved');
    expect(client.room.state.get()).toBe('detached');
  });
});

describe('what can go wrong', () => {
  it.each([0, -1, NaN, 0.5, 1.5, '7' as unknown as number])(
    'a limit of %s is invalid',
    async (limit) => {
      const { room, clock, fake } = await connected();
      const page = fate(room.history({ limit }).next());
      await clock.settle();
      expect(page.outcome).toBe('invalid');
      expect(fake.all('history')).toEqual([]);
    },
  );

  it('no history: unsupported, and nothing is asked', async () => {
    const client = testClient({ fake: { capabilities: { history: { support: 'none' } } } });
    const page = fate(client.realtime.channel('room').history().next());
    await client.clock.settle();
    expect(page.outcome).toBe('unsupported');
    expect(client.states).toEqual(['idle']);
  });

  it('no answer in 10 s: timeout, and the call is aborted', async () => {
    const { room, clock, fake } = await connected();
    fake.hold('history');
    const page = fate(room.history().next());
    await clock.advance(9_999);
    expect(page.outcome).toBe('pending');
    await clock.advance(1);
    expect(page.outcome).toBe('timeout');
    expect(fake.last('history').signal?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('a refusal by the service is passed on, and nothing is asked again', async () => {
    const { room, clock, fake } = await connected();
    fake.handle('history', (call) => call.reject(failure('history_expired')));
    const page = fate(room.history().next());
    await clock.settle();
    expect(page.outcome).toBe('history_expired');
    expect(fake.all('history')).toHaveLength(1);
  });

  it('a drop: the same page is asked for again by the next connection, within the 10 s', async () => {
    const { room, clock, fake } = await connected();
    fake.hold('history');
    const page = fate(room.history({ limit: 2, from: 'c9' }).next());
    await clock.settle();
    fake.last('history').reject(failure('connection_failed'));
    fake.drop();
    fake.release('history');
    await clock.advance(250);
    expect(page.outcome).toBe('resolved');
    const [first, second] = fake.all('history');
    expect(second?.query).toEqual(first?.query);
  });

  it('a drop in the tick of the call: the page is asked of the next connection alone', async () => {
    const client = await connected();
    const { fake, clock, room } = client;
    fake.handle('history', (call) => call.answer({ items: [message(1)], complete: true }));
    const page = fate(room.history().next());
    fake.drop();
    await clock.advance(500);
    expect(page.outcome).toBe('resolved');
    expect(fake.all('history').map(({ session }) => session)).toEqual([1]);
  });

  it('a connection that does not come back in 10 s: timeout', async () => {
    const { room, clock, fake } = await connected();
    fake.hold('open');
    fake.drop();
    const page = fate(room.history().next());
    await clock.advance(10_000);
    expect(page.error).toMatchObject({ code: 'timeout', cause: { code: 'connection_failed' } });
  });

  it('an abort, before and between pages', async () => {
    const client = await connected();
    keep(client, 10);
    const abort = new AbortController();
    const pages = client.room.history({ limit: 2, signal: abort.signal });
    await pages.next();
    abort.abort();
    const second = fate(pages.next());
    const other = fate(client.room.history({ signal: abort.signal }).next());
    await client.clock.settle();
    expect([second.outcome, other.outcome]).toEqual(['aborted', 'aborted']);
    expect(client.fake.all('history')).toHaveLength(1);
    await expect(pages.next()).resolves.toMatchObject({ done: true });
  });

  it('close() rejects the page that is waited for as closed', async () => {
    const { room, clock, fake, realtime } = await connected();
    fake.hold('history');
    const page = fate(room.history().next());
    await clock.settle();
    await realtime.close();
    await clock.settle();
    expect(page.outcome).toBe('closed');
    expect(clock.pending).toBe(0);
  });
});
