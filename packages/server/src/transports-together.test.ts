/** What transports, engines and the verbs of the server do to each other: each alone is tried beside its own file. */
import { describe, expect, it } from 'vitest';
import { databaseFiles } from '../test/support/database-files.ts';
import { testServer, type TestServer } from '../test/support/pipes.ts';
import { attach, cursorIn, heard, poller, types, versionIn } from '../test/support/pollers.ts';
import { eventsIn, ndjson, over, streaming } from '../test/support/streams.ts';
import { sqlite } from './sqlite/index.ts';

const newFile = databaseFiles();

describe('a client that polls', () => {
  it('is one member of a channel in a file over 5 exchanges, and leaves 15 s after the last', async () => {
    const it0 = testServer({ engine: sqlite({ file: newFile() }) });
    const { server, clock, connected } = it0;
    const bob = await connected('bob');
    await bob.attach('room', { presence: 'watch' });
    const ann = poller(it0, 'ann');
    const member = { presence: 'enter', d: 'here' };
    const first = await ann.ask([attach(member)]);
    const v = versionIn(first);
    let cursor = cursorIn(first);
    for (let n = 0; n < 5; n++) {
      const waiting = ann.ask([attach({ ...member, cursor, v })], 20_000);
      await heard(clock);
      await server.publish('room', 'e', n);
      expect(types(await waiting)).toEqual(['connected', 'attached', 'message']);
      await clock.advance(10_000);
      // Its message is behind the cursor, and comes once more; the set of members is known.
      const again = await ann.ask([attach({ ...member, cursor, v })]);
      expect(types(again)).toEqual(['connected', 'attached', 'message', 'replayed']);
      cursor = cursorIn(await ann.ask([attach({ ...member, v })]));
    }
    const seen = (): unknown[] =>
      bob.all.filter(({ t }) => t === 'presence').map((frame) => 'a' in frame && frame.a);
    expect(seen()).toEqual(['enter']);
    await clock.advance(15_100);
    await bob.attach('other');
    expect(seen()).toEqual(['enter', 'leave']);
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('keeps its channel in use when a WebSocket leaves it between two exchanges', async () => {
    const told: string[] = [];
    const it0 = testServer({
      onOccupied: (channel) => told.push(`+${channel}`),
      onVacated: (channel) => told.push(`-${channel}`),
    });
    const { server, clock, connected } = it0;
    const ann = poller(it0, 'ann');
    const bob = await connected('bob');
    await bob.attach('room');
    const cursor = cursorIn(await ann.ask([attach()]));
    bob.cut();
    await ann.ask([attach({ cursor })]);
    expect(told).toEqual(['+room']);
    await clock.advance(15_100);
    expect(told).toEqual(['+room', '-room']);
    await server.close();
  });

  it('hears in its waiting exchange that its permission was taken back, and is no member any more', async () => {
    const banned = new Set<string>();
    const it0 = testServer({
      authorize: ({ client }) => !banned.has(client.clientId ?? ''),
    });
    const { server, clock, connected } = it0;
    const bob = await connected('bob');
    await bob.attach('room', { presence: 'watch' });
    const ann = poller(it0, 'ann');
    const first = await ann.ask([attach({ presence: 'enter' })]);
    const again = attach({ presence: 'enter', cursor: cursorIn(first), v: versionIn(first) });
    const waiting = ann.ask([again], 20_000);
    await heard(clock);
    banned.add('ann');
    expect(await server.reauthorize({ clientId: 'ann' })).toEqual({ asked: 1, detached: 1 });
    expect((await waiting).at(-1)).toMatchObject({ t: 'detached', code: 'forbidden' });
    expect((await ann.ask([attach()])).at(-1)).toMatchObject({ t: 'error', code: 'forbidden' });
    await bob.publish('room', 'private');
    expect(server.stats().connections).toBe(1);
    const changes = bob.all.filter(({ t }) => t === 'presence');
    expect(changes.map((frame) => 'a' in frame && frame.a)).toEqual(['enter', 'leave']);
    await server.close();
  });
});

describe('an event stream', () => {
  it('of a disconnected client says bye with 4200, and its session is over', async () => {
    const { server } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    await ann.attach('room');
    expect(await server.disconnect({ clientId: 'ann' })).toBe(1);
    expect(await ann.closed).toMatchObject({ code: 4200 });
    const headers = { 'Content-Type': ndjson, Authorization: 'Bearer ann' };
    const path = `/sse/${ann.session}`;
    const late = await over(server.fetch)(path, { method: 'POST', headers, body: '{"t":"pong"}' });
    expect(late.status).toBe(404);
    expect(server.stats()).toEqual({ connections: 0, channels: 0 });
    await server.close();
  });

  it('tells of a publish that is too fast when to come again, and refuses what follows until then', async () => {
    const { server, clock } = testServer({ limits: { publishRate: 1, publishBurst: 2 } });
    const ann = await streaming(over(server.fetch), 'ann');
    await ann.attach('room');
    const answers = await Promise.all([1, 2, 3, 4].map((n) => ann.publish('room', n)));
    expect(answers.map(({ t }) => t)).toEqual(['ack', 'ack', 'error', 'error']);
    expect(answers[2]).toMatchObject({ code: 'rate_limited', retryAfterMs: 1_000 });
    await clock.advance(2_000);
    expect(await ann.publish('room', 5)).toMatchObject({ t: 'ack', s: 3 });
    expect(ann.data()).toEqual([1, 2, 5]);
    await server.close();
  });
});

describe('a server that goes away', () => {
  const watch = async (it0: TestServer, headers: Record<string, string> = {}) => {
    const path = '/sse?channel=room';
    const response = await over(it0.server.fetch)(path, { headers });
    return eventsIn(response.body);
  };
  const nextData = async (events: ReturnType<typeof eventsIn>): Promise<[unknown, string]> => {
    for await (const { event, data = '', id = '' } of {
      [Symbol.asyncIterator]: () => ({ next: () => events.next() }),
    })
      if (event === undefined && data !== '') return [(JSON.parse(data) as { d: unknown }).d, id];
    throw new Error('the stream has ended');
  };

  it('sends everybody to the next one on its file, and no kind of client misses or repeats a message', async () => {
    const file = newFile();
    const before = testServer({ engine: sqlite({ file }) });
    const send = over(before.server.fetch);
    const sse = await streaming(send, 'sse');
    const ws = await before.connected('ws');
    const poll = poller(before, 'poll');
    const cursors = new Map<string, string>();
    cursors.set('poll', cursorIn(await poll.ask([attach()])));
    await sse.attach('room');
    await ws.attach('room');
    const reader = await watch(before);
    const unopened = await send('/sse', {
      method: 'POST',
      headers: { 'Content-Type': ndjson, Accept: 'application/json' },
      body: '{"t":"connect","r":0,"nonce":"nonce-of-late","instance":"i"}',
    });
    const { session } = (await unopened.json()) as { session: string };
    await before.server.publish('room', 'e', 1);
    const waiting = poll.ask([attach({ cursor: cursors.get('poll') as string })], 20_000);
    const [first, lastId] = await nextData(reader);
    expect(first).toBe(1);
    // It was behind its cursor: at once.
    expect(types(await waiting)).toEqual(['connected', 'attached', 'message', 'replayed']);
    await ws.hears(1);
    await sse.hears(1);
    const resumed = await ws.attach('room');
    const idle = poll.ask([attach({ cursor: resumed.cursor })], 20_000);
    await heard(before.clock);

    expect(before.server.stats().connections).toBe(5);
    const closed = before.server.close({ drainMs: 500 });
    for (let n = 0; n < 12; n++) await before.clock.advance(50);
    await closed;
    for (const client of [sse, ws])
      expect(await client.next('bye')).toMatchObject({
        code: 4000,
        retryAfterMs: expect.any(Number) as number,
      });
    expect((await idle).at(-1)).toMatchObject({ t: 'bye', code: 4000 });
    const rest = [];
    for await (const event of reader) rest.push(event);
    expect(rest.map(({ retry }) => Number(retry) < 2_000)).toEqual([true]);
    expect((await send(`/sse/${session}`, {})).status).toBe(204);
    expect(before.clock.pending).toBe(0);

    const after = testServer({ engine: sqlite({ file }) });
    await after.server.publish('room', 'e', 2);
    const { cursor } = resumed;
    const sse2 = await streaming(over(after.server.fetch), 'sse');
    const ws2 = await after.connected('ws');
    for (const client of [sse2, ws2]) {
      expect(await client.attach('room', { cursor })).toMatchObject({ continuity: 'kept' });
      await client.hears(2);
      expect(client.data()).toEqual([2]);
    }
    const polled = await poller(after, 'poll').ask([attach({ cursor })]);
    expect(polled.map((frame) => frame['d']).filter((d) => d !== undefined)).toEqual([2]);
    const again = await watch(after, { 'Last-Event-ID': lastId });
    expect((await nextData(again))[0]).toBe(2);
    await after.server.close();
  });
});
