import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { testServer, type TestServer } from '../test/support/pipes.ts';
import {
  attach,
  cursorIn,
  heard,
  poller,
  types,
  versionIn,
  type Frames,
  type Poller,
} from '../test/support/pollers.ts';
import { ndjson } from '../test/support/streams.ts';
import { slowEngine } from '../test/support/slow-engine.ts';
import type { Engine } from './engine.ts';
import type { ServerOptions } from './options.ts';

const setUp = (options: ServerOptions = {}): TestServer & { ann: Poller } => {
  const it0 = testServer(options);
  return { ...it0, ann: poller(it0, 'ann') };
};

describe('an exchange', () => {
  it('answers every request of its body at once where it shall not wait', async () => {
    const { server, ann } = setUp();
    const answer = await ann.ask([
      { t: 'publish', r: 1, c: 'room', i: 'nonce-of-ann:0', e: 'e', d: 1 },
      { t: 'publish', r: 2, c: 'other', i: 'nonce-of-ann:1', e: 'e', d: 2 },
      { t: 'history', r: 3, c: 'room', limit: 10, dir: 'forwards' },
      { t: 'leave', r: 4, c: 'room' },
      { t: 'enter', r: 5, c: 'room', d: 'not attached' },
    ]);
    expect(types(answer)).toEqual(['connected', 'ack', 'ack', 'page', 'ok', 'error']);
    expect(server.stats().connections).toBe(0);
    await server.close();
  });

  it('with nothing attached does not wait', async () => {
    const { server, ann } = setUp();
    expect(types(await ann.ask([], 25_000))).toEqual(['connected']);
    await server.close();
  });

  it('that listens is answered with the messages of the next tick', async () => {
    const { server, ann, clock } = setUp();
    const cursor = cursorIn(await ann.ask([attach()]));
    const answer = ann.ask([attach({ cursor })], 25_000);
    await heard(clock);
    await clock.advance(10_000);
    await Promise.all([1, 2].map((n) => server.publish('room', 'e', n)));
    expect(types(await answer)).toEqual(['connected', 'attached', 'message', 'message']);
    await server.close();
  });

  it('is answered without news after waitMs, and at most after a heartbeat, with no ping', async () => {
    const { server, ann, clock } = setUp();
    const cursor = cursorIn(await ann.ask([attach()]));
    for (const [waitMs, isMs] of [
      [5_000, 5_000],
      [99_000_000, 25_000],
    ] as const) {
      let answer: Frames | undefined;
      void ann.ask([attach({ cursor })], waitMs).then((frames) => (answer = frames));
      await heard(clock);
      await clock.advance(isMs - 1);
      expect(answer).toBeUndefined();
      await clock.advance(1);
      expect(types(answer ?? [])).toEqual(['connected', 'attached']);
    }
    await server.close();
  });

  it.each<[string, ServerOptions, object]>([
    ['an attach that began', {}, {}],
    ['a set of members', {}, { cursor: 'room', presence: 'watch' }],
    ['a backlog', {}, { cursor: 'old' }],
    ['a refusal', { authorize: ({ channel }) => channel !== 'secret' }, { c: 'secret' }],
  ])('does not wait after %s', async (_, options, extra) => {
    const { server, ann } = setUp(options);
    const old = cursorIn(await ann.ask([attach()]));
    await server.publish('room', 'e', 1);
    const room = cursorIn(await ann.ask([attach()]));
    const known = new Map([
      ['room', room],
      ['old', old],
    ]);
    const cursor = known.get((extra as { cursor?: string }).cursor ?? '');
    const other = attach({ ...extra, ...(cursor === undefined ? {} : { cursor }) });
    const kept = attach({ cursor: room }, 'room', 2);
    // Another channel is attached and quiet.
    const frames = await ann.ask('c' in extra ? [kept, other] : [other], 25_000);
    expect(frames.length).toBeGreaterThan(1);
    await server.close();
  });

  it('loses nothing and repeats nothing between two, whoever answers', async () => {
    const { server, ann, clock } = setUp();
    let cursor = cursorIn(await ann.ask([attach()]));
    const epoch = cursor.split(':')[0] ?? '';
    const seen: unknown[] = [];
    for (let n = 0; n < 40; n++) {
      // Before, during and after an exchange.
      await server.publish('room', 'e', `${n} before`);
      const answer = ann.ask([attach({ cursor })], 25_000);
      if (n % 2) await heard(clock);
      await server.publish('room', 'e', `${n} during`);
      for (const frame of await answer) {
        if (frame.t !== 'message') continue;
        seen.push(frame.d);
        cursor = `${epoch}:${frame.s}:${frame.i}`;
      }
    }
    for (const frame of await ann.ask([attach({ cursor })]))
      if (frame.t === 'message') seen.push(frame.d);
    expect(seen).toEqual(
      Array.from({ length: 40 }, (_, n) => [`${n} before`, `${n} during`]).flat(),
    );
    await server.close();
  });

  it('that its client aborts is over at once', async () => {
    const { server, ann } = setUp();
    const cursor = cursorIn(await ann.ask([attach()]));
    const abort = new AbortController();
    const answer = ann.ask([attach({ cursor })], 25_000, abort.signal);
    await expect.poll(() => server.stats().connections).toBe(1);
    abort.abort();
    expect(server.stats().connections).toBe(0);
    await answer;
    await server.close();
  });

  it('with a long backlog goes out while it is made, whole', async () => {
    const { server, ann } = setUp({ limits: { outboundBytes: 100_000 } });
    const cursor = cursorIn(await ann.ask([attach()]));
    for (let n = 0; n < 60; n++) await server.publish('room', 'e', `${n}`.padEnd(10_000, 'x'));
    const answer = await ann.ask([attach({ cursor })]);
    expect(answer.filter(({ t }) => t === 'message')).toHaveLength(60);
    expect(types(answer).at(-1)).toBe('replayed');
    await server.close();
  });

  it('has one connection with all others of its client, made of its secret', async () => {
    const { server, ann } = setUp();
    const [one, two] = [await ann.ask([]), await ann.ask([])];
    expect(one[0]?.['connection']).toMatch(/^[\w-]{12}$/);
    expect(two[0]).toEqual(one[0]);
    const other = await poller({ server } as TestServer, 'ann').ask([]);
    expect(other[0]?.['connection']).not.toBe(one[0]?.['connection']);
    await server.close();
  });

  it('is refused as a stream is', async () => {
    const { server } = setUp({ authenticate: () => null });
    const post = (query: string, body: string): Promise<Response> =>
      server.fetch(
        new Request(`http://example.com/anywire/poll${query}`, {
          method: 'POST',
          headers: { 'Content-Type': ndjson },
          body,
        }),
      );
    const connect = '{"t":"connect","r":0,"nonce":"nonce-of-ann","instance":"i"}';
    const response = await post('', connect);
    expect(response.status).toBe(401);
    expect(await response.text()).toMatch(/^\{"t":"error".*\n\{"t":"bye","code":4201/);
    expect((await post('?waitMs=-1', connect)).status).toBe(400);
    expect((await post('', '{"t":"ping"}')).status).toBe(400);
    expect((await post('', '{"t":"ping"}\nx')).status).toBe(400);
    await server.close();
  });
});

describe('with an engine and hooks that answer later', { timeout: 60_000 }, () => {
  const random = randomFrom('polling');
  const engine = (): Engine => slowEngine(() => Math.floor(random() * 4));
  const later = async (): Promise<void> => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const options = (): ServerOptions => ({
    engine: engine(),
    authenticate: async ({ token }) => (await later(), { clientId: token }),
    authorize: async () => (await later(), true),
  });

  it('an exchange is answered when everything in it is done', async () => {
    for (let round = 0; round < scale(20, 200); round++) {
      const { server, ann } = setUp(options());
      const answer = await ann.ask(
        [
          attach({ presence: 'enter', d: 1 }),
          attach({}, 'other', 2),
          { t: 'publish', r: 3, c: 'room', i: 'nonce-of-ann:0', e: 'e', d: 1 },
          { t: 'history', r: 4, c: 'third', limit: 10, dir: 'forwards' },
          { t: 'detach', r: 5, c: 'other' },
        ],
        25_000,
      );
      const answered = answer.flatMap((frame) => ('r' in frame ? [frame.r] : []));
      expect(answered.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(types(answer)).toContain('sync');
      await server.close();
    }
  });

  it('nothing is lost and nothing comes twice', async () => {
    for (let round = 0; round < scale(5, 50); round++) {
      const { server, ann, clock } = setUp(options());
      let cursor = cursorIn(await ann.ask([attach()]));
      const epoch = cursor.split(':')[0] ?? '';
      const seen: unknown[] = [];
      const all = Array.from({ length: 60 }, (_, n) => n);
      const publishing = (async () => {
        for (const n of all) {
          await later();
          await server.publish('room', 'e', n);
        }
      })();
      while (seen.length < all.length) {
        const answer = ann.ask([attach({ cursor })], random() < 0.5 ? 0 : 1_000);
        await heard(clock);
        await clock.advance(1_000);
        for (const frame of await answer) {
          if (frame.t !== 'message') continue;
          seen.push(frame.d);
          cursor = `${epoch}:${frame.s}:${frame.i}`;
        }
      }
      await publishing;
      expect(seen).toEqual(all);
      await server.close();
    }
  });
});

describe('a client that polls', () => {
  const enter = { presence: 'enter', d: 1 };

  it('is one member over 10 exchanges, and leaves 15 s after the last one', async () => {
    const { server, ann, clock, connected } = setUp();
    const watcher = await connected('watcher');
    await watcher.attach('room', { presence: 'watch' });
    const first = await ann.ask([attach(enter)]);
    let [cursor, v] = [cursorIn(first), versionIn(first)];
    for (let n = 0; n < 10; n++) {
      const answer = ann.ask([attach({ ...enter, cursor, v })], 10_000);
      await heard(clock);
      await clock.advance(10_000);
      cursor = cursorIn(await answer);
      v = versionIn(await answer) ?? v;
      await clock.advance(14_000);
    }
    expect(watcher.all.filter(({ t }) => t === 'presence')).toHaveLength(1);
    await clock.advance(1_100);
    expect(watcher.all.filter(({ t }) => t === 'presence')).toHaveLength(2);
    expect(watcher.all.at(-1)).toMatchObject({ a: 'leave', u: 'ann' });
    await server.close();
  });

  it('gets the set of members anew only when it has changed', async () => {
    const { server, ann, connected, clock } = setUp();
    const first = await ann.ask([attach(enter)]);
    expect(types(first)).toEqual(['connected', 'attached', 'sync']);
    const [cursor, v] = [cursorIn(first), versionIn(first)];
    expect(types(await ann.ask([attach({ ...enter, cursor, v })]))).toEqual([
      'connected',
      'attached',
    ]);
    const bob = await connected('bob');
    const listening = ann.ask([attach({ ...enter, cursor, v })], 25_000);
    await heard(clock);
    await bob.attach('room', enter as never);
    const told = await listening;
    expect(types(told)).toEqual(['connected', 'attached', 'presence']);
    const after = versionIn(told);
    expect(types(await ann.ask([attach({ ...enter, cursor, v: after })]))).not.toContain('sync');
    expect(types(await ann.ask([attach({ ...enter, cursor, v })]))).toContain('sync');
    bob.end();
    await bob.closed;
    await clock.advance(15_000);
    expect(types(await ann.ask([attach({ ...enter, cursor, v: after })]))).toContain('sync');
    await server.close();
  });

  it.each(['leave', 'detach'] as const)(
    'ends its member by a %s in another exchange than the one that holds it',
    async (t) => {
      const { server, ann, connected, clock } = setUp();
      const watcher = await connected('watcher');
      await watcher.attach('room', { presence: 'watch' });
      const cursor = cursorIn(await ann.ask([attach(enter)]));
      const listening = ann.ask([attach({ ...enter, cursor })], 25_000);
      await heard(clock);
      expect(types(await ann.ask([{ t, r: 1, c: 'room' }]))).toEqual(['connected', 'ok']);
      expect(await watcher.next('presence')).toMatchObject({ a: 'enter' });
      expect(await watcher.next('presence')).toMatchObject({ a: 'leave', u: 'ann' });
      await listening;
      await clock.advance(20_000);
      expect(watcher.all.filter((frame) => frame.t === 'presence')).toHaveLength(2);
      await server.close();
    },
  );

  it('is one connection and one use of its channel to the hooks', async () => {
    const told: string[] = [];
    const tell =
      (what: string) =>
      (about: unknown, end?: { code: number }): void => {
        const name = typeof about === 'string' ? about : (about as { clientId: string }).clientId;
        told.push(`${what} ${name}${end ? ` ${end.code}` : ''}`);
      };
    const { server, ann, clock } = setUp({
      onConnect: tell('connect'),
      onDisconnect: tell('disconnect'),
      onOccupied: tell('occupied'),
      onVacated: tell('vacated'),
    });
    const cursor = cursorIn(await ann.ask([attach()]));
    for (let n = 0; n < 5; n++) {
      const answer = ann.ask([attach({ cursor })], 1_000);
      await heard(clock);
      await clock.advance(1_000);
      await answer;
      await clock.advance(14_000);
    }
    expect(told).toEqual(['connect ann', 'occupied room']);
    await clock.advance(1_100);
    expect(told.slice(2).toSorted()).toEqual(['disconnect ann 1006', 'vacated room']);
    await ann.ask([{ t: 'leave', r: 1, c: 'room' }, { t: 'bye' }]);
    expect(told.slice(4)).toEqual(['connect ann', 'disconnect ann 1000']);
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('says bye with its connect, and is known before it goes, also where authenticate takes its time', async () => {
    const told: unknown[] = [];
    const logged: unknown[] = [];
    const { server, ann, clock } = setUp({
      authenticate: async ({ token }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return { clientId: token };
      },
      onDisconnect: (client, { code }) => told.push([client.clientId, code]),
      log: (level, text) => level !== 'debug' && logged.push(text),
    });
    await ann.ask([attach({ presence: 'enter', d: 1 })]);
    expect(await server.presence('room')).toHaveLength(1);
    expect(told).toEqual([]);
    await ann.ask([{ t: 'leave', r: 1, c: 'room' }, { t: 'bye' }]);
    expect(told).toEqual([['ann', 1000]]);
    expect(await server.presence('room')).toEqual([]);
    expect(logged).toEqual([]);
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('hears that the server goes away, and the hooks hear of its end', async () => {
    const told: unknown[] = [];
    const { server, ann, clock } = setUp({ onDisconnect: (_, end) => told.push(end.code) });
    const cursor = cursorIn(await ann.ask([attach()]));
    const answer = ann.ask([attach({ cursor })], 25_000);
    await heard(clock);
    await server.close();
    expect((await answer).at(-1)).toMatchObject({ t: 'bye', code: 4000 });
    expect(told).toEqual([4000]);
    expect(clock.pending).toBe(0);
  });
});
