import { afterEach, describe, expect, it } from 'vitest';
import { failure, fate, testClient, type Fate, type TestClient } from '../test/client.ts';
import { fakeLocks, type FakeLocks, type LockManager } from '../test/fake-locks.ts';
import type { Channel, Receipt } from './api.ts';
import { memoryStore, persist, type PersistOptions, type RecordStore } from './persist.ts';

type Options = Parameters<typeof testClient>[0];

/** What pages of one origin share. */
interface Origin {
  readonly locks: LockManager;
  readonly store: RecordStore;
}

interface Page extends TestClient {
  readonly room: Channel;
  /** The tab is gone, and says nothing. */
  kill(): void;
}

const clientId = 'ann';
const canResend = { capabilities: { resendAfterReload: true } } as const;

let pages: Page[] = [];
afterEach(async () => {
  await Promise.all(pages.map(({ realtime }) => realtime.close()));
  for (const { clock } of pages) await clock.settle();
  expect(pages.map(({ clock }) => clock.pending)).toEqual(pages.map(() => 0));
  pages = [];
});

function origin(store: RecordStore = memoryStore()): Origin {
  return { locks: fakeLocks(), store };
}

/** A page that is open, and has not connected. */
function open({ locks, store }: Origin, options: Options = {}, how: PersistOptions = {}): Page {
  const tab: FakeLocks = locks.tab();
  const client = testClient({
    clientId,
    fake: canResend,
    ...options,
    outboxStore: persist(store, { locks: tab, ...how }),
  });
  const page: Page = {
    ...client,
    room: client.realtime.channel('room'),
    kill() {
      tab.kill();
      client.fake.hold('open', 'publish', 'attach');
    },
  };
  pages.push(page);
  return page;
}

/** Has a connection, and loses it at once if it is `offline`. */
async function started(page: Page, state: 'connected' | 'offline' = 'connected'): Promise<Page> {
  if (state === 'offline') page.fake.hold('open');
  const connect = fate(page.realtime.connection.connect());
  await page.clock.settle();
  expect(connect.outcome).toBe(state === 'offline' ? 'pending' : 'resolved');
  return page;
}

const offline = (page: Page): Promise<Page> => started(page, 'offline');

const publishAll = (page: Page, data: readonly unknown[]): Fate<Receipt>[] =>
  data.map((value) => fate(page.room.publish('e', value)));

/** `data id sequence` of each hand-over. */
const sent = ({ fake }: Page): unknown[] =>
  fake.all('publish').flatMap(({ batch }) => batch.map(({ data }) => data));

const seen = ({ realtime }: Page): unknown[] =>
  realtime.outbox.entries.get().map(({ data, state }) => `${String(data)} ${state}`);

const ids = ({ realtime }: Page): string[] => realtime.outbox.entries.get().map(({ id }) => id);

const codes = ({ errors }: Page): string[] => errors.map(({ code }) => code);

/** How many records the store has. */
const kept = async ({ store }: Origin): Promise<number> => [...(await store.read())].length;

/** A page published this while it was offline, and is gone. */
async function left(where: Origin, data: readonly unknown[], options?: Options): Promise<Page> {
  const page = await offline(open(where, options));
  publishAll(page, data);
  await page.clock.settle();
  page.kill();
  return page;
}

/** A page had this on the wire, and is gone before the answer. */
async function leftWritten(
  where: Origin,
  data: readonly unknown[],
  options?: Options,
): Promise<Page> {
  const page = await started(open(where, options));
  page.fake.hold('publish');
  publishAll(page, data);
  await page.clock.settle();
  page.kill();
  return page;
}

describe('what was never written', () => {
  it('is sent by the next page, in order, by the same ids, and leaves the store with its receipt', async () => {
    const where = origin();
    const first = await left(where, [1, 2, 3]);
    expect(await kept(where)).toBe(3);
    const next = await started(open(where));
    await next.clock.settle();
    expect(sent(next)).toEqual([1, 2, 3]);
    expect(next.fake.all('publish').map(({ batch }) => batch[0]?.id)).toEqual(ids(first));
    expect(seen(next)).toEqual([]);
    expect(await kept(where)).toBe(0);
  });

  it('is shown by the next page while that is offline, too', async () => {
    const where = origin();
    await left(where, ['a', 'b']);
    const next = await offline(open(where));
    expect(seen(next)).toEqual(['a waiting', 'b waiting']);
  });

  it('is sent before what the next page publishes in the same channel', async () => {
    const where = origin();
    await left(where, [1, 2]);
    const next = open(where);
    const fates = publishAll(next, [3, 4]);
    await next.clock.advance(100);
    expect(sent(next)).toEqual([1, 2, 3, 4]);
    expect(fates.map(({ outcome }) => outcome)).toEqual(['resolved', 'resolved']);
  });

  it('gets no wire sequence by the next page, whose own begin at 1', async () => {
    const where = origin();
    await left(where, ['old']);
    const next = open(where);
    publishAll(next, ['new']);
    await next.clock.advance(100);
    expect(
      next.fake.all('publish').flatMap(({ batch }) => batch.map(({ sequence }) => sequence)),
    ).toEqual([undefined, 1]);
  });

  it.each<[string, Options]>([
    ['the backend does not take old ids', { fake: {} }],
    ['nobody knows who we are', { clientId: undefined }],
  ])('gets an id of the next page where %s', async (_, options) => {
    const where = origin();
    const first = await left(where, [1, 2], options);
    const next = await started(open(where, options));
    await next.clock.settle();
    expect(sent(next)).toEqual([1, 2]);
    const used = next.fake.all('publish').map(({ batch }) => batch[0]?.id);
    for (const id of used) expect(id?.startsWith(`${next.fake.link.nonce}:`)).toBe(true);
    expect(new Set([...used, ...ids(first)]).size).toBe(4);
    expect(await kept(where)).toBe(0);
  });

  it('survives 3 pages that stay offline', async () => {
    const where = origin();
    await left(where, [1]);
    for (const n of [2, 3]) await left(where, [n]);
    const next = await started(open(where));
    await next.clock.settle();
    expect([...sent(next)].sort()).toEqual([1, 2, 3]);
  });

  it('keeps its key: a newer one of this page replaces it', async () => {
    const where = origin();
    const page = await offline(open(where));
    void fate(page.room.publish('e', 'old', { key: 'k' }));
    await page.clock.settle();
    page.kill();
    const next = await offline(open(where));
    expect(seen(next)).toEqual(['old waiting']);
    void fate(next.room.publish('e', 'new', { key: 'k' }));
    await next.clock.settle();
    expect(seen(next)).toEqual(['new waiting']);
    expect(await kept(where)).toBe(1);
  });

  it('does not replace what this page has published with its key before it was read', async () => {
    const where = origin();
    const page = await offline(open(where));
    void fate(page.room.publish('e', 'old', { key: 'k' }));
    await page.clock.settle();
    page.kill();
    const next = open(where);
    const newest = fate(next.room.publish('e', 'new', { key: 'k' }));
    await next.clock.advance(100);
    expect(sent(next)).toEqual(['new']);
    expect(newest.value?.attempts).toBe(1);
    expect(await kept(where)).toBe(0);
  });
});

describe('what was written', () => {
  it('is sent again by its id and sequence inside the idempotency window', async () => {
    const where = origin();
    const first = await leftWritten(where, [1]);
    const next = await started(open(where));
    await next.clock.settle();
    const [before] = first.fake.last('publish').batch;
    expect(next.fake.last('publish').batch).toMatchObject([
      { id: before?.id, sequence: 1, data: 1 },
    ]);
    expect(await kept(where)).toBe(0);
  });

  it.each<[string, Options, number]>([
    ['outside the idempotency window of 120 s', {}, 120_000],
    ['where the backend does not take old ids', { fake: {} }, 0],
    [
      'where the backend forgets ids',
      { fake: { capabilities: { resendAfterReload: true, idempotencyWindowMs: 0 } } },
      0,
    ],
  ])('is never sent again by itself %s: it has failed', async (_, options, lateMs) => {
    const where = origin();
    await leftWritten(where, [1], options);
    const next = open(where, options);
    await next.clock.advance(lateMs);
    await started(next);
    await next.clock.advance(1_000);
    expect(sent(next)).toEqual([]);
    expect(seen(next)).toEqual(['1 failed']);
    expect(next.realtime.outbox.entries.get()[0]?.error?.code).toBe('outcome_unknown');
    expect(await kept(where)).toBe(1);
  });

  it.each<[string, Options, number, string]>([
    ['the window is over', {}, 120_000, '1 failed'],
    ['the backend does not take old ids', { fake: {} }, 0, '1 failed'],
    ['the window is open', {}, 119_999, '1 waiting'],
  ])('is shown offline as what it is: where %s', async (_, options, lateMs, shown) => {
    const where = origin();
    await leftWritten(where, [1], options);
    const next = open(where, options);
    await next.clock.advance(lateMs);
    await offline(next);
    expect(seen(next)).toEqual([shown]);
  });

  it('has failed as soon as the service says that we are nobody it knows', async () => {
    const where = origin();
    const options = { clientId: undefined };
    await leftWritten(where, [1], options);
    const next = await started(open(where, options));
    await next.clock.settle();
    expect([sent(next), seen(next)]).toEqual([[], ['1 failed']]);
  });

  it('is marked before it is handed over, so a crash in between makes it unknown and not new', async () => {
    const slow = slowStore();
    const where = origin(slow);
    const page = await offline(open(where));
    publishAll(page, [1]);
    await page.clock.settle();
    slow.hold();
    page.fake.release('open');
    await page.clock.advance(1_000);
    expect(sent(page)).toEqual([]); // the mark is on its way
    slow.release();
    await page.clock.settle();
    expect(sent(page)).toEqual([1]);
  });

  it('needs no mark where it was never kept as unwritten: sent in the tick of the call', async () => {
    const slow = slowStore();
    const page = await started(open(origin(slow)));
    slow.hold();
    publishAll(page, [1]);
    await page.clock.settle();
    expect(sent(page)).toEqual([1]);
    slow.release();
  });

  it('that was refused for now is unwritten again', async () => {
    const where = origin();
    const page = await started(open(where, { fake: {} }));
    page.fake.handle('publish', (call) => call.answer([{ error: failure('rate_limited') }]));
    publishAll(page, [1]);
    await page.clock.settle();
    page.kill();
    const next = await started(open(where, { fake: {} }));
    await next.clock.settle();
    expect(sent(next)).toEqual([1]);
  });
});

/** A store whose writes wait while it is held. */
function slowStore(): RecordStore & { hold(): void; release(): void } {
  const store = memoryStore();
  let gate = Promise.resolve();
  let release = (): void => {};
  return {
    read: () => store.read(),
    async write(changes) {
      await gate;
      await store.write(changes);
    },
    hold() {
      gate = new Promise((resolve) => (release = resolve));
    },
    release: () => release(),
  };
}

describe('what has failed', () => {
  async function failedOne(where: Origin): Promise<Page> {
    await leftWritten(where, [1], { fake: {} });
    return started(open(where, { fake: {} }));
  }

  it('is sent by retry, once, and then gone', async () => {
    const where = origin();
    const page = await failedOne(where);
    const [entry] = page.realtime.outbox.entries.get();
    page.realtime.outbox.retry(entry!);
    page.realtime.outbox.retry(entry!);
    await page.clock.settle();
    expect([sent(page), seen(page), await kept(where)]).toEqual([[1], [], 0]);
  });

  it('is gone with discard, also from the store', async () => {
    const where = origin();
    const page = await failedOne(where);
    page.realtime.outbox.discard(page.realtime.outbox.entries.get()[0]!);
    await page.clock.settle();
    expect([sent(page), seen(page), await kept(where)]).toEqual([[], [], 0]);
  });

  it('has still failed for the page after this one, and is not sent by itself', async () => {
    const where = origin();
    const page = await left(where, [1]);
    const refusing = open(where);
    refusing.fake.handle('publish', (call) => call.answer([{ error: failure('forbidden') }]));
    await started(refusing);
    await refusing.clock.settle();
    expect(seen(refusing)).toEqual(['1 failed']);
    refusing.kill();
    const next = await started(open(where));
    await next.clock.settle();
    expect([sent(next), seen(next)]).toEqual([[], ['1 failed']]);
    expect(next.realtime.outbox.entries.get()[0]?.error?.code).toBe('forbidden');
    expect(ids(next)).toEqual(ids(page));
  });

  it('is shown no more after close(), and again after connect()', async () => {
    const where = origin();
    const page = await failedOne(where);
    await page.realtime.close();
    await page.clock.settle();
    expect([seen(page), await kept(where)]).toEqual([[], 1]);
    await started(page);
    await page.clock.settle();
    expect(seen(page)).toEqual(['1 failed']);
  });

  it('does not keep close({ flushMs }) waiting', async () => {
    const page = await failedOne(origin());
    const closing = fate(page.realtime.close({ flushMs: 10_000 }));
    await page.clock.settle();
    expect(closing.outcome).toBe('resolved');
  });
});

describe('discard', () => {
  it('takes back what waits: its promise rejects with aborted, and it is never sent', async () => {
    const page = await offline(open(origin()));
    const [first, second] = publishAll(page, [1, 2]);
    page.realtime.outbox.discard(page.realtime.outbox.entries.get()[0]!);
    page.fake.release('open');
    await page.clock.advance(1_000);
    expect([first?.outcome, second?.outcome]).toEqual(['aborted', 'resolved']);
    expect(sent(page)).toEqual([2]);
  });

  it('takes back what an earlier page left, also from the store', async () => {
    const where = origin();
    await left(where, [1, 2]);
    const page = await offline(open(where));
    page.realtime.outbox.discard(page.realtime.outbox.entries.get()[0]!);
    await page.clock.settle();
    expect([seen(page), await kept(where)]).toEqual([['2 waiting'], 1]);
  });

  it('and retry of what is not there do nothing', async () => {
    const page = await started(open(origin()));
    page.realtime.outbox.discard({ id: 'x:1', channel: 'room' });
    page.realtime.outbox.retry({ id: 'x:1', channel: 'room' });
    await page.clock.settle();
    expect([sent(page), codes(page)]).toEqual([[], []]);
  });
});

describe('two tabs', () => {
  it('do not take each other’s, as long as both live', async () => {
    const where = origin();
    const a = await offline(open(where));
    publishAll(a, ['a']);
    await a.clock.settle();
    const b = await started(open(where));
    publishAll(b, ['b']);
    await b.clock.settle();
    expect([sent(a), sent(b)]).toEqual([[], ['b']]);
    a.fake.release('open');
    await a.clock.advance(10_000);
    expect([sent(a), sent(b)]).toEqual([['a'], ['b']]);
  });

  it('and one of them goes: the other takes over at once what it left', async () => {
    const where = origin();
    const a = await offline(open(where));
    publishAll(a, ['a']);
    await a.clock.settle();
    const b = await started(open(where));
    expect(sent(b)).toEqual([]);
    a.kill();
    await b.clock.settle();
    expect(sent(b)).toEqual(['a']);
  });

  it('that wait for the same one: one of them gets what it left', async () => {
    const where = origin();
    const a = await offline(open(where));
    publishAll(a, [1, 2]);
    await a.clock.settle();
    const others = [await started(open(where)), await started(open(where))];
    a.kill();
    for (const { clock } of others) await clock.settle();
    expect(others.flatMap(sent)).toEqual([1, 2]);
  });

  it('hold no lock while nothing is kept', async () => {
    const where = origin();
    const page = await started(open(where));
    expect(where.locks.held).toEqual([]);
    page.fake.hold('publish');
    publishAll(page, [1]);
    await page.clock.settle();
    expect(where.locks.held).toHaveLength(1);
    page.fake.release('publish');
    await page.clock.settle();
    expect(where.locks.held).toEqual([]);
  });
});

describe('another user', () => {
  it.each<[string, Options, PersistOptions, Options, PersistOptions]>([
    ['client id', { clientId: 'ann' }, {}, { clientId: 'bob' }, {}],
    ['scope', {}, { scope: 'ann' }, {}, { scope: 'bob' }],
    ['client id, the first one unknown', { clientId: undefined }, {}, { clientId: 'bob' }, {}],
  ])(
    'by %s neither sees nor sends what was left; its own user does',
    async (_, first, how, second, then) => {
      const where = origin();
      const page = await offline(open(where, first, how));
      publishAll(page, ['private']);
      await page.clock.settle();
      page.kill();
      const bob = await started(open(where, second, then));
      await bob.clock.settle();
      expect([sent(bob), seen(bob)]).toEqual([[], []]);
      bob.kill();
      const back = await started(open(where, first, how));
      await back.clock.settle();
      expect(sent(back)).toEqual(['private']);
    },
  );

  it('is whom the service names, where the app has no name: shown and sent once that is known', async () => {
    const where = origin();
    const named = (page: Page, id: string): Page => {
      page.fake.handle('open', (call) => call.answer({ clientId: id }));
      return page;
    };
    const options = { clientId: undefined, fake: canResend };
    const ann = await started(named(open(where, options), 'ann'));
    ann.fake.hold('publish');
    publishAll(ann, ['of ann']);
    await ann.clock.settle();
    ann.kill();
    const bob = await started(named(open(where, options), 'bob'));
    await bob.clock.settle();
    expect([sent(bob), seen(bob)]).toEqual([[], []]);
    bob.kill();
    const again = named(open(where, options), 'ann');
    expect(seen(again)).toEqual([]);
    await started(again);
    await again.clock.settle();
    expect(sent(again)).toEqual(['of ann']);
  });

  it('that the service names against the app’s own word gets what was shown taken away', async () => {
    const where = origin();
    await left(where, ['of ann']);
    const page = open(where);
    page.fake.hold('open');
    await offline(page);
    expect(seen(page)).toEqual(['of ann waiting']);
    page.fake.last('open').answer({ clientId: 'bob' });
    await page.clock.settle();
    expect([sent(page), seen(page)]).toEqual([[], []]);
    expect(await kept(where)).toBe(1);
  });
});

describe('bounds', () => {
  it('age: 24 h over all pages, then it is gone, and reported', async () => {
    const where = origin();
    await leftWritten(where, [1]);
    await left(where, [2]);
    const next = open(where);
    await next.clock.advance(86_400_000);
    await started(next);
    await next.clock.settle();
    expect([sent(next), seen(next), await kept(where)]).toEqual([[], [], 0]);
    expect(codes(next).sort()).toEqual(['expired', 'outcome_unknown']);
  });

  it('age: 24 h and not 60 s within a page, and a time of its own where one is given', async () => {
    const day = await offline(open(origin(), { suspendAfterMs: 1e9 }));
    const short = await offline(open(origin(), { suspendAfterMs: 1e9 }, { ageMs: 5_000 }));
    const [a] = publishAll(day, [1]);
    const [b] = publishAll(short, [1]);
    await day.clock.advance(86_399_999);
    await short.clock.advance(5_000);
    expect([a?.outcome, b?.outcome]).toEqual(['pending', 'expired']);
    await day.clock.advance(1);
    expect(a?.outcome).toBe('expired');
  });

  it('count: what does not fit into the next page has failed there, and can be tried again', async () => {
    const where = origin();
    await left(where, [1, 2, 3]);
    const next = await offline(open(where, { outboxMessages: 2 }));
    expect(seen(next)).toEqual(['3 failed', '1 waiting', '2 waiting']);
    expect(next.realtime.outbox.entries.get()[0]?.error?.code).toBe('outbox_full');
    next.fake.release('open');
    await next.clock.advance(10_000);
    next.realtime.outbox.retry(next.realtime.outbox.entries.get()[0]!);
    await next.clock.settle();
    expect(sent(next)).toEqual([1, 2, 3]);
  });

  it('are not those of suspension: publishes wait on, and new ones are taken', async () => {
    const page = await offline(open(origin()));
    const [before] = publishAll(page, [1]);
    await page.clock.advance(121_000);
    expect(page.realtime.connection.state.get()).toBe('suspended');
    const [after] = publishAll(page, [2]);
    await page.clock.advance(60_000);
    expect([before?.outcome, after?.outcome]).toEqual(['pending', 'pending']);
    page.fake.release('open');
    await page.clock.advance(60_000);
    expect(sent(page)).toEqual([1, 2]);
  });
});

describe('an end', () => {
  it('by close() rejects what this page published, and keeps nothing of it', async () => {
    const where = origin();
    const page = await offline(open(where));
    const [seenByApp] = publishAll(page, [1]);
    await page.clock.settle();
    await page.realtime.close();
    await page.clock.settle();
    expect([seenByApp?.outcome, await kept(where), where.locks.held]).toEqual(['closed', 0, []]);
  });

  it('by close() leaves what an earlier page published to the next one', async () => {
    const where = origin();
    await left(where, [1]);
    const page = await offline(open(where));
    expect(seen(page)).toEqual(['1 waiting']);
    await page.realtime.close();
    await page.clock.settle();
    expect([seen(page), await kept(where), where.locks.held]).toEqual([[], 1, []]);
    const next = await started(open(where));
    await next.clock.settle();
    expect(sent(next)).toEqual([1]);
  });

  it('by close() is none: connect() finds it again', async () => {
    const where = origin();
    await left(where, [1]);
    const page = await offline(open(where));
    await page.realtime.close();
    page.fake.release('open');
    await started(page);
    await page.clock.settle();
    expect(sent(page)).toEqual([1]);
  });

  it('by a refused user leaves what an earlier page published for the next connect()', async () => {
    const where = origin();
    await left(where, [1]);
    const page = await offline(open(where));
    const [own] = publishAll(page, [2]);
    page.fake.link.dropped({ error: failure('auth_denied'), retry: 'never' });
    await page.clock.settle();
    expect([seen(page), own?.outcome, await kept(where)]).toEqual([[], 'auth_denied', 1]);
    page.fake.release('open');
    await started(page);
    await page.clock.settle();
    expect(sent(page)).toEqual([1]);
  });
});

describe('a store', () => {
  const breaking = (broken: Partial<RecordStore>): Origin =>
    origin({ ...memoryStore(), ...broken });
  const full = (): never => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  const never = (): Promise<never> => new Promise(() => {});

  it.each<[string, Partial<RecordStore>]>([
    ['cannot be written', { write: full }],
    ['cannot be read', { read: full }],
    [
      'rejects',
      { read: () => Promise.reject(new Error('no')), write: () => Promise.reject(new Error('no')) },
    ],
    ['never answers a write', { write: never }],
    ['never answers a read', { read: never }],
    ['answers nonsense', { read: () => null as never }],
  ])('that %s is reported, and publishes go from memory', async (_, broken) => {
    const page = open(breaking(broken));
    const fates = publishAll(page, [1, 2]);
    await page.clock.advance(10_000);
    expect(fates.map(({ outcome }) => outcome)).toEqual(['resolved', 'resolved']);
    expect(sent(page)).toEqual([1, 2]);
    expect(new Set(codes(page))).toEqual(new Set(['storage_failed']));
  });

  it('that hangs is asked no more: one report, and no wait of 2 s for each publish', async () => {
    const page = await started(open(breaking({ write: never })));
    publishAll(page, [1]);
    await page.clock.advance(2_000);
    page.fake.hold('open');
    page.fake.drop();
    publishAll(page, [2, 3]);
    await page.clock.settle();
    page.fake.release('open');
    await page.clock.advance(500);
    expect(sent(page)).toEqual([1, 2, 3]);
    expect(codes(page)).toEqual(['storage_failed']);
  });

  it('that is full for the mark loses the record, which would say that it was never written', async () => {
    const store = memoryStore();
    const where = origin(store);
    let isFull = false;
    const page = await offline(
      open({
        ...where,
        store: {
          ...store,
          write: (changes) =>
            isFull && [...changes.values()].some((text) => text !== undefined)
              ? full()
              : store.write(changes),
        },
      }),
    );
    publishAll(page, [1]);
    await page.clock.settle();
    isFull = true;
    page.fake.hold('publish');
    page.fake.release('open');
    await page.clock.advance(10_000);
    expect([sent(page), await kept(where), codes(page)]).toEqual([[1], 0, ['storage_failed']]);
  });

  it('without Web Locks keeps nothing, and says so once', async () => {
    const store = memoryStore();
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
    const client = testClient({ outboxStore: persist(store) });
    Reflect.deleteProperty(globalThis, 'navigator');
    await client.realtime.connection.connect();
    await client.realtime.channel('room').publish('e', 1);
    await client.clock.settle();
    expect(client.errors.map(({ code }) => code)).toEqual(['storage_failed']);
    await client.realtime.close();
  });

  it('is not touched before the client connects', () => {
    const touch = (): never => expect.unreachable('touched');
    open(breaking({ read: touch, write: touch }));
  });

  it.each<[string, string]>([
    ['no JSON', '{"v":1'],
    ['null', 'null'],
    ['a number', '7'],
    ['an empty record', '{"v":1}'],
    [
      'a record under another key',
      JSON.stringify({
        v: 1,
        owner: 'o',
        id: 'o:2',
        channel: 'c',
        echo: true,
        event: 'e',
        json: '1',
        queuedAt: 1,
      }),
    ],
    [
      'data that are no JSON',
      JSON.stringify({
        v: 1,
        owner: 'o',
        id: 'o:1',
        channel: 'c',
        echo: true,
        event: 'e',
        json: '{',
        queuedAt: 1,
      }),
    ],
    [
      'an unknown failure',
      JSON.stringify({
        v: 1,
        owner: 'o',
        id: 'o:1',
        channel: 'c',
        echo: true,
        event: 'e',
        json: '1',
        queuedAt: 1,
        failed: 'x',
      }),
    ],
  ])('with %s: it is reported and removed, and the rest is sent', async (_, text) => {
    const where = origin();
    await left(where, [1]);
    await where.store.write(new Map([['o:1 c', text]]));
    const next = await started(open(where));
    await next.clock.settle();
    expect([sent(next), codes(next), await kept(where)]).toEqual([[1], ['storage_failed'], 0]);
  });

  it('with a record of another version leaves it alone', async () => {
    const where = origin();
    await where.store.write(new Map([['o:1 c', '{"v":2,"owner":"o"}']]));
    const next = await started(open(where));
    await next.clock.settle();
    expect([seen(next), codes(next), await kept(where)]).toEqual([[], [], 1]);
  });

  it('with a channel that the app has no longer: it is reported and removed', async () => {
    const where = origin();
    const text = {
      v: 1,
      owner: 'o',
      id: 'o:1',
      channel: 'gone',
      echo: true,
      event: 'e',
      json: '1',
      user: clientId,
    };
    const page = open(where, { channels: { room: { events: {} } } });
    await where.store.write(
      new Map([['o:1 gone', JSON.stringify({ ...text, queuedAt: page.clock.now() })]]),
    );
    await started(page);
    await page.clock.settle();
    expect([codes(page), await kept(where)]).toEqual([['storage_failed'], 0]);
  });

  it('keeps nothing of what is volatile', async () => {
    const where = origin();
    const page = await offline(open(where));
    void fate(page.room.publish('e', 1, { volatile: true }));
    await page.clock.settle();
    expect(await kept(where)).toBe(0);
  });
});

it('bytes are bytes again for the next page', async () => {
  const where = origin();
  const fake = { capabilities: { resendAfterReload: true, binary: 'native' } } as const;
  await left(where, [new Uint8Array([0, 255, 7])], { fake });
  const next = await started(open(where, { fake }));
  await next.clock.settle();
  expect(sent(next)).toEqual([new Uint8Array([0, 255, 7])]);
});

it('locks that are refused are reported, and publishes go from memory', async () => {
  const refused: FakeLocks = {
    request: () => Promise.reject(new DOMException('no', 'SecurityError')),
    kill: () => {},
  };
  const store = memoryStore();
  const where = origin(store);
  await left(where, ['old']);
  const page = open(where, {}, { locks: refused });
  const fates = publishAll(page, ['new']);
  await page.clock.advance(100);
  expect([fates[0]?.outcome, sent(page), codes(page)]).toEqual([
    'resolved',
    ['new'],
    ['storage_failed'],
  ]);
  expect(await kept(where)).toBe(1);
});

it('locks that never answer hold publishes up for 2 s, once', async () => {
  const silent: FakeLocks = { request: () => new Promise(() => {}), kill: () => {} };
  const page = open(origin(), {}, { locks: silent });
  publishAll(page, [1]);
  await page.clock.advance(2_000);
  expect(sent(page)).toEqual([1]);
  publishAll(page, [2]);
  await page.clock.settle();
  expect([sent(page), codes(page)]).toEqual([[1, 2], ['storage_failed']]);
});

it('what another user left too long ago is removed without a word about it', async () => {
  const where = origin();
  await left(where, ['private']);
  const bob = open(where, { clientId: 'bob' });
  await bob.clock.advance(86_400_000);
  await started(bob);
  await bob.clock.settle();
  expect([codes(bob), await kept(where)]).toEqual([['expired'], 0]);
  expect(bob.errors[0]?.message).not.toMatch(/room|'e'/);
});

it('a copy of what an earlier page published reaches its listeners where the backend does not echo', async () => {
  const where = origin();
  await left(where, [1]);
  const next = open(where, {
    fake: { capabilities: { resendAfterReload: true, echo: 'none' } },
  });
  const heard: unknown[] = [];
  next.room.on('e', (data) => heard.push(data));
  await started(next);
  await next.clock.settle();
  expect(heard).toEqual([1]);
});

it('a channel that must be attached is attached for what an earlier page left', async () => {
  const where = origin();
  const fake = { capabilities: { resendAfterReload: true, publish: { needsAttach: true } } };
  await left(where, [1], { fake });
  const next = await started(open(where, { fake }));
  await next.clock.settle();
  expect(sent(next)).toEqual([1]);
  expect(next.fake.all('attach')).toHaveLength(1);
});
