import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { failure, heard, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel } from './api.ts';
import type { HistoryPage, Inbound } from './contract.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

const replay = ({ fake }: TestClient, ...serials: number[]): void => {
  for (const serial of serials) fake.link.received('room', message(serial, { replayed: true }));
};
const live = ({ fake }: TestClient, ...serials: number[]): void => {
  for (const serial of serials) fake.link.received('room', message(serial));
};
const withoutId = ({ id: _, ...row }: Inbound): Inbound => row;
/** A page of these messages, newest first. */
const page = (...serials: number[]): HistoryPage => ({
  items: serials.map((serial) => message(serial)),
  complete: true,
});
const backlog = { continuity: 'initial', cursor: 'c3', backlog: true } as const;

describe('a rewind by the backend', () => {
  it('is asked for with the first attach, the longest of 3 that begin in one tick', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const logs = [1, 2, 5].map((rewind) => heard(room, { rewind }));
    const live1 = heard(room);
    await clock.settle();
    expect(fake.all('attach')).toHaveLength(1);
    expect(fake.last('attach').request.rewind).toBe(5);
    replay(client, 1, 2, 3);
    expect(logs).toEqual([[], [], []]);
    fake.link.replayed('room');
    live(client, 4);
    expect(logs).toEqual([
      [3, 4],
      [2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(live1).toEqual([4]); // a listener without rewind gets nothing of the past
  });

  it('marks its messages as replayed', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.answer(backlog));
    const seen: unknown[] = [];
    client.room.on('e', (_, { replayed }) => seen.push(replayed), { rewind: 5 });
    await client.clock.settle();
    replay(client, 1);
    client.fake.link.replayed('room');
    live(client, 2);
    expect(seen).toEqual([true, false]);
  });

  it('that finds nothing lets the listener go live at once', async () => {
    const client = await connected();
    const data = heard(client.room, { rewind: 5 });
    await client.clock.settle();
    live(client, 1);
    expect(data).toEqual([1]);
    expect(client.fake.all('history')).toEqual([]);
  });

  it('lets a live message before its end through to other listeners, and delivers it after itself', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.answer(backlog));
    const rewinding = heard(client.room, { rewind: 5 });
    const plain = heard(client.room);
    await client.clock.settle();
    replay(client, 1, 2, 3);
    live(client, 4);
    expect(plain).toEqual([4]);
    client.fake.link.replayed('room');
    live(client, 5);
    expect(rewinding).toEqual([1, 2, 3, 4, 5]);
    expect(plain).toEqual([4, 5]);
  });

  it('cut off by a drop begins anew, whole and without repeats', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const data = heard(room, { rewind: 5 });
    await clock.settle();
    replay(client, 1, 2);
    fake.drop();
    await clock.advance(250);
    expect(fake.last('attach').request).toMatchObject({ rewind: 5 });
    expect(fake.last('attach').request.cursor).toBeUndefined();
    replay(client, 1, 2, 3);
    fake.link.replayed('room');
    live(client, 4);
    expect(data).toEqual([1, 2, 3, 4]);
  });

  it('cut off by a drop is a gap for a listener without rewind, which was live already', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const gaps: unknown[] = [];
    room.onGap((gap) => gaps.push(gap));
    heard(room, { rewind: 5 });
    const plain = heard(room);
    await clock.settle();
    replay(client, 1);
    fake.drop();
    await clock.advance(250);
    replay(client, 3, 4, 5); // 4 was published while we were away: `plain` does not get it
    fake.link.replayed('room');
    live(client, 6);
    expect(plain).toEqual([6]);
    expect(gaps).toHaveLength(1);
  });

  it('cut off after c2 is told once, when live messages begin again: from c2 to c5', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer({ ...backlog, cursor: 'c2' }));
    const gaps: unknown[] = [];
    room.onGap((gap) => gaps.push(gap));
    heard(room, { rewind: 5 });
    heard(room);
    await clock.settle();
    fake.handle('attach', (call) => call.answer({ ...backlog, cursor: 'c5' }));
    fake.drop();
    expect(gaps).toEqual([]); // nobody knows yet where it ends
    await clock.advance(250);
    fake.link.replayed('room');
    const told = { continuity: 'unknown', since: 'c2', until: 'c5', recovered: 0 };
    expect(gaps).toMatchObject([told]);
    fake.drop();
    await clock.advance(1_000);
    expect(gaps).toMatchObject([told]);
  });

  it('cut off, and detached before it began again, is told to nobody', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const gaps: unknown[] = [];
    room.onGap((gap) => gaps.push(gap));
    heard(room, { rewind: 5 });
    heard(room);
    await clock.settle();
    fake.drop();
    await client.realtime.close();
    await client.realtime.connection.connect();
    await clock.settle();
    fake.link.replayed('room');
    expect(gaps).toEqual([]);
  });

  it('is not repeated after a drop: the listener resumes', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const data = heard(room, { rewind: 5 });
    await clock.settle();
    replay(client, 1, 2, 3);
    fake.link.replayed('room');
    fake.handle('attach', (call) => call.answer({ continuity: 'kept' }));
    fake.drop();
    await clock.advance(250);
    expect(fake.last('attach').request.rewind).toBeUndefined();
    expect(fake.last('attach').request.cursor).toBe('c3');
    live(client, 4);
    expect(data).toEqual([1, 2, 3, 4]);
  });

  it('that is over does not hold back the backlog of a later resume', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const data = heard(room, { rewind: 5 });
    await clock.settle();
    replay(client, 1, 2, 3);
    fake.link.replayed('room');
    fake.handle('attach', (call) =>
      call.answer({ continuity: 'kept', cursor: 'c5', backlog: true }),
    );
    fake.drop();
    await clock.advance(250);
    replay(client, 4);
    expect(data).toEqual([1, 2, 3, 4]);
    fake.drop();
    await clock.advance(500);
    expect(fake.last('attach').request.cursor).toBe('c4');
  });

  it('cut off by a drop leaves nothing behind when the next attach has no backlog', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => call.answer(backlog));
    const data = heard(room, { rewind: 5 });
    await clock.settle();
    replay(client, 1, 2);
    fake.handle('attach', (call) => call.answer({ continuity: 'initial', cursor: 'n0' }));
    fake.drop();
    await clock.advance(250);
    live(client, 3);
    expect(data).toEqual([3]);
  });

  it('comes again to a listener of a new mount, after the channel was detached', async () => {
    const client = await connected({ lingerMs: 0 });
    const { fake, room, clock } = client;
    fake.handle('attach', (call) => {
      call.answer(backlog);
      replay(client, 1, 2, 3);
      fake.link.replayed('room');
    });
    const first: unknown[] = [];
    const off = room.on('e', (data) => first.push(data), { rewind: 5 });
    await clock.settle();
    off();
    await clock.settle();
    const second = heard(room, { rewind: 5 });
    await clock.settle();
    expect([first, second]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('stays whole when somebody begins to watch members in its middle', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    fake.handle('attach', (call) =>
      call.answer(call.request.cursor ? { continuity: 'kept' } : backlog),
    );
    const data = heard(room, { rewind: 5 });
    await clock.settle();
    replay(client, 1, 2);
    room.presence.on('enter', () => {});
    await clock.settle();
    replay(client, 3);
    fake.link.replayed('room');
    await clock.settle();
    live(client, 4);
    expect(data).toEqual([1, 2, 3, 4]);
    expect(fake.last('attach').request).toMatchObject({ presence: 'watch', cursor: 'c3' });
  });

  it('does not reach a listener that has stopped meanwhile', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.answer(backlog));
    const data: unknown[] = [];
    const off = client.room.on('e', (value) => data.push(value), { rewind: 5 });
    await client.clock.settle();
    replay(client, 1, 2, 3);
    off();
    client.fake.link.replayed('room');
    expect(data).toEqual([]);
  });
});

describe('a rewind from history', () => {
  it('serves a listener that joins an attached channel, and it alone', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    const first = heard(room);
    await clock.settle();
    live(client, 1, 2, 3);
    fake.hold('history');
    const late = heard(room, { rewind: 2 });
    await clock.settle();
    expect(fake.last('history').query).toEqual({ limit: 2, direction: 'backwards' });
    live(client, 4);
    expect(late).toEqual([]);
    fake.last('history').answer(page(3, 2));
    await clock.settle();
    live(client, 5);
    expect(late).toEqual([2, 3, 4, 5]);
    expect(first).toEqual([1, 2, 3, 4, 5]);
    expect(fake.all('attach')).toHaveLength(1);
  });

  it('has no repeat and no hole at the seam, wherever the page was cut', async () => {
    for (const newest of [3, 4, 5, 6]) {
      const client = await connected();
      const { fake, room, clock } = client;
      await room.attach();
      fake.hold('history');
      const late = heard(room, { rewind: 3 });
      await clock.settle();
      live(client, 4, 5, 6);
      fake.last('history').answer(page(newest, newest - 1, newest - 2));
      await clock.settle();
      live(client, 7);
      const from = Math.min(newest - 2, 4);
      expect(late).toEqual([1, 2, 3, 4, 5, 6, 7].slice(from - 1));
    }
  });

  it.each([
    ['with ids', (serial: number) => message(serial)],
    ['without ids', (serial: number) => withoutId(message(serial))],
  ])('that is ahead of live brings each message once, %s', async (_, sent) => {
    const client = await connected();
    const { fake, room, clock } = client;
    await room.attach();
    fake.handle('history', (call) => call.answer({ items: [2, 1].map(sent), complete: true }));
    const late = heard(room, { rewind: 2 });
    const plain = heard(room);
    await clock.settle();
    for (const serial of [1, 2, 3]) fake.link.received('room', sent(serial));
    expect(late).toEqual([1, 2, 3]);
    expect(plain).toEqual([1, 2, 3]);
  });

  it('serves 3 late listeners apart, each with its own n', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    await room.attach();
    fake.handle('history', (call) =>
      call.answer(page(...[5, 4, 3, 2, 1].slice(0, call.query.limit))),
    );
    const logs = [1, 3, 5].map((rewind) => heard(room, { rewind }));
    await clock.settle();
    expect(logs).toEqual([[5], [3, 4, 5], [1, 2, 3, 4, 5]]);
  });

  it('is read in pages where n = 250 is more than the 100 of one page', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    await room.attach();
    const all = Array.from({ length: 400 }, (_, index) => 400 - index);
    fake.handle('history', ({ query: { limit, from }, answer }) => {
      const start = from === undefined ? 0 : Number(from);
      answer({ ...page(...all.slice(start, start + limit)), next: String(start + limit) });
    });
    const late = heard(room, { rewind: 250 });
    await clock.settle();
    expect(late).toEqual(all.slice(0, 250).reverse());
    expect(fake.all('history').map(({ query }) => query.limit)).toEqual([100, 100, 50]);
  });

  it('serves the first listener where the backend has no rewind', async () => {
    const client = await connected({ fake: { capabilities: { rewind: 'none' } } });
    const { fake, room, clock } = client;
    fake.handle('history', (call) => call.answer(page(2, 1)));
    const data = heard(room, { rewind: 5 });
    await clock.settle();
    live(client, 3);
    expect(fake.last('attach').request.rewind).toBeUndefined();
    expect(data).toEqual([1, 2, 3]);
  });

  it('is asked for again by the next connection when the first one breaks', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    await room.attach();
    fake.hold('history');
    const late = heard(room, { rewind: 2 });
    await clock.settle();
    live(client, 3);
    fake.handle('history', (call) => call.answer(page(3, 2)));
    fake.drop();
    await clock.advance(250);
    live(client, 4);
    expect(late).toEqual([2, 3, 4]);
    expect(client.errors).toEqual([]);
  });

  it('of a listener that joins while the connection is away is read once, after the resume', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    await room.attach();
    fake.handle('history', (call) => call.answer(page(3, 2)));
    fake.drop();
    const late = heard(room, { rewind: 2 });
    await clock.advance(250);
    live(client, 4);
    expect(late).toEqual([2, 3, 4]);
    expect(fake.all('history')).toHaveLength(1);
  });

  it('that fails is told, and the listener goes live with what came meanwhile', async () => {
    const client = await connected();
    const { fake, room, clock } = client;
    await room.attach();
    fake.hold('history');
    const errors: string[] = [];
    room.onError((error) => errors.push(error.code));
    const late = heard(room, { rewind: 2 });
    await clock.settle();
    live(client, 3);
    fake.last('history').reject(failure('forbidden'));
    await clock.settle();
    live(client, 4);
    expect(late).toEqual([3, 4]);
    expect(errors).toEqual(['forbidden']);
  });

  it('of a listener that has gone is told to nobody, whether it fails or not', async () => {
    const client = await connected({ lingerMs: 0 });
    const { fake, room, clock } = client;
    await room.attach();
    fake.hold('history');
    const data: unknown[] = [];
    const off = room.on('e', (value) => data.push(value), { rewind: 2 });
    await clock.settle();
    off();
    await room.detach();
    await clock.settle();
    expect(data).toEqual([]);
    expect(client.errors).toEqual([]);
    await room.attach();
    room.on('e', (value) => data.push(value), { rewind: 2 });
    await clock.settle();
    await client.realtime.close();
    await clock.settle();
    expect(client.errors).toEqual([]);
  });
});

describe('where nothing can be rewound', () => {
  it('asking for it throws unsupported, and nothing is attached', async () => {
    const client = await connected({
      fake: { capabilities: { rewind: 'none', history: { support: 'none' } } },
    });
    expect(() => client.room.on('e', () => {}, { rewind: 1 })).toThrow('[anywire:unsupported]');
    expect(() => client.room.messages({ rewind: 1 })).toThrow('[anywire:unsupported]');
    await client.clock.settle();
    expect(client.fake.all('attach')).toEqual([]);
    const data = heard(client.room);
    await client.clock.settle();
    live(client, 1);
    expect(data).toEqual([1]);
  });

  it('a late listener of a backend with rewind and without history is told, and goes live', async () => {
    const client = await connected({ fake: { capabilities: { history: { support: 'none' } } } });
    await client.room.attach();
    const late = heard(client.room, { rewind: 2 });
    await client.clock.settle();
    live(client, 1);
    expect(late).toEqual([1]);
    expect(client.errors.map(({ code }) => code)).toEqual(['unsupported']);
  });
});

it('late listeners see an unbroken row from their first message on, wherever their page is cut', async () => {
  const step = fc.constantFrom('live', 'live', 'listen', 'read', 'answer', 'drop');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(7), async (steps, limit) => {
      const client = testClient({
        reconnectMinMs: 1,
        reconnectMaxMs: 1,
        fake: { capabilities: { rewind: 'none', history: { limit: limit + 1 } } },
      });
      const { fake, clock } = client;
      const room = await client.attached('room');
      const logs: unknown[][] = [];
      let log = 0;
      /** Reads that the backend has made, and not yet sent. */
      let reads: (() => void)[] = [];
      fake.handle('attach', (call) => {
        const from = Number(call.request.cursor?.slice(1).replace('ake:', ''));
        call.answer({ continuity: 'kept', cursor: `c${log}`, backlog: from < log });
        for (let serial = from + 1; serial <= log; serial += 1) replay(client, serial);
        if (from < log) fake.link.replayed('room');
      });
      const waiting: (() => void)[] = [];
      fake.handle('history', (call) => {
        waiting.push(() => {
          const newest = call.query.from === undefined ? log : Number(call.query.from);
          const last = Math.max(0, newest - call.query.limit);
          const items: Inbound[] = [];
          for (let serial = newest; serial > last; serial -= 1) items.push(message(serial));
          const next = last > 0 ? { next: String(last) } : {};
          reads.push(() => call.answer({ items, complete: true, ...next }));
        });
      });
      const act: Record<(typeof steps)[number], () => unknown> = {
        live: () => live(client, (log += 1)),
        listen: () => logs.push(heard(room, { rewind: 3 })),
        read: () => waiting.shift()?.(),
        answer: () => reads.shift()?.(),
        drop: async () => {
          for (const call of fake.all('history')) call.reject(failure('connection_failed'));
          waiting.length = 0;
          reads = [];
          fake.drop();
          await clock.advance(1);
        },
      };
      for (const name of steps) {
        await act[name]?.();
        await clock.settle();
      }
      while (waiting.length + reads.length > 0) {
        act.read?.();
        act.answer?.();
        await clock.settle();
      }
      for (const data of logs) {
        const first = Number(data[0] ?? log + 1);
        expect(data).toEqual(Array.from({ length: log - first + 1 }, (_, index) => first + index));
      }
      expect(client.errors).toEqual([]);
    }),
    { seed, numRuns: scale(150, 5_000) },
  );
}, 60_000);
