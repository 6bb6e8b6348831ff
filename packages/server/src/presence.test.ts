import { describe, expect, it } from 'vitest';
import type { TestClient } from '../test/support/client.ts';
import { testServer } from '../test/support/pipes.ts';

const events = (client: TestClient): string[] =>
  client.all.flatMap((frame) =>
    (frame.t === 'presence' ? [frame] : frame.t === 'changes' ? frame.changes : []).map(
      ({ a, u, x, d }) => `${a} ${u}/${x} ${JSON.stringify(d)}`,
    ),
  );

describe('members', () => {
  it('are sent as a set to who begins to watch, and then as changes', async () => {
    const { connected } = testServer();
    const [ann, bob, watcher] = [
      await connected('ann'),
      await connected('bob'),
      await connected('watcher'),
    ];
    const { connection } = await (async () => {
      await ann.attach('room', { presence: 'enter', d: { name: 'Ann' } });
      return ann.all[0] as { connection: string };
    })();
    await watcher.attach('room', { presence: 'watch' });
    expect(await watcher.next('sync')).toEqual({
      t: 'sync',
      c: 'room',
      v: expect.any(String) as string,
      first: true,
      members: [{ u: 'ann', x: 'tab-of-ann', k: connection, d: { name: 'Ann' } }],
    });
    await bob.attach('room');
    expect(await bob.request({ t: 'enter', c: 'room', d: 1 })).toMatchObject({ t: 'ok' });
    expect(await bob.request({ t: 'update', c: 'room', d: 2 })).toMatchObject({ t: 'ok' });
    expect(await bob.request({ t: 'update', c: 'room', d: 2 })).toMatchObject({ t: 'ok' });
    expect(await bob.request({ t: 'leave', c: 'room' })).toMatchObject({ t: 'ok' });
    expect(await bob.request({ t: 'leave', c: 'room' })).toMatchObject({ t: 'ok' });
    expect(events(watcher)).toEqual([
      'enter bob/tab-of-bob 1',
      'update bob/tab-of-bob 2',
      'leave bob/tab-of-bob 2',
    ]);
    expect(events(bob)).toEqual([]); // it does not watch
  });

  it('who enter see themselves in their own set, and no event of it', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    await ann.attach('room', { presence: 'enter', d: 1 });
    expect(await ann.next('sync')).toMatchObject({ members: [{ u: 'ann' }] });
    expect(events(ann)).toEqual([]);
  });

  it('are sent 100 a page', async () => {
    const { connected } = testServer();
    for (let n = 0; n < 250; n++)
      await (await connected(`u${n}`)).attach('room', { presence: 'enter', d: n });
    const watcher = await connected('watcher');
    await watcher.attach('room', { presence: 'watch' });
    const pages = [];
    for (let n = 0; n < 3; n++) {
      const { first, more, members } = await watcher.next('sync');
      pages.push([first, more, members.length]);
    }
    expect(pages).toEqual([
      [true, true, 100],
      [undefined, true, 100],
      [undefined, undefined, 50],
    ]);
  });

  it('are sent as the client reads, when they are more than may wait for it', async () => {
    const { connected, clock } = testServer();
    for (let n = 0; n < 400; n++) {
      const member = await connected(`u${n}`);
      await member.attach('room'); // who enters with it gets the whole set, each time
      await member.request({ t: 'enter', c: 'room', d: 'x'.repeat(4_000) });
    }
    const watcher = await connected('watcher');
    watcher.transport.isStalled = true;
    watcher.send({ t: 'attach', r: 99, c: 'room', presence: 'watch' });
    for (let n = 0; n < 4; n++) {
      await clock.settle();
      await clock.settle();
      expect(watcher.transport.bufferedBytes).toBeLessThan(1_048_576);
      watcher.transport.unstall();
      watcher.transport.isStalled = true;
    }
    watcher.transport.unstall();
    let count = 0;
    for (let n = 0; n < 4; n++) count += (await watcher.next('sync')).members.length;
    expect(count).toBe(400);
  });

  it('are none: the set is one empty page', async () => {
    const { connected } = testServer();
    const watcher = await connected('watcher');
    await watcher.attach('room', { presence: 'watch' });
    expect(await watcher.next('sync')).toEqual({
      t: 'sync',
      c: 'room',
      v: 'none',
      first: true,
      members: [],
    });
  });

  it('need a client id; watching does not', async () => {
    const { connected } = testServer();
    const nobody = await connected();
    const refused = { t: 'error', code: 'client_id_required' };
    expect(await nobody.request({ t: 'attach', c: 'room', presence: 'enter', d: 1 })).toMatchObject(
      refused,
    );
    await nobody.attach('room', { presence: 'watch' });
    expect(await nobody.request({ t: 'enter', c: 'room', d: 1 })).toMatchObject(refused);
  });

  it('need an attachment', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    expect(await ann.request({ t: 'enter', c: 'room', d: 1 })).toMatchObject({ code: 'invalid' });
  });

  it('have at most 4,096 bytes of data, and are at most so many', async () => {
    const { connected } = testServer({ limits: { members: 2 } });
    const [ann, bob, carl] = [
      await connected('ann'),
      await connected('bob'),
      await connected('carl'),
    ];
    const enter = (client: TestClient, d: unknown): Promise<unknown> =>
      client.request({ t: 'attach', c: 'room', presence: 'enter', d });
    expect(await enter(ann, 'x'.repeat(4_095))).toMatchObject({ code: 'payload_too_large' });
    expect(await enter(ann, 'x'.repeat(4_094))).toMatchObject({ t: 'attached' });
    await bob.attach('room', { presence: 'enter', d: 1 });
    expect(await enter(carl, 1)).toMatchObject({ t: 'error', code: 'limit_exceeded' });
    await carl.attach('room');
    expect(await carl.request({ t: 'enter', c: 'room', d: 1 })).toMatchObject({
      code: 'limit_exceeded',
    });
    expect(await bob.request({ t: 'update', c: 'room', d: 2 })).toMatchObject({ t: 'ok' });
  });

  it('show what the app granted instead of what the client says', async () => {
    const { connected } = testServer({
      authorize: ({ client, action }) =>
        action === 'presence' ? { presenceData: { name: client.clientId } } : true,
    });
    const ann = await connected('ann');
    await ann.attach('room', { presence: 'enter', d: { name: 'the admin' } });
    expect(await ann.next('sync')).toMatchObject({ members: [{ d: { name: 'ann' } }] });
  });
});

describe('a member whose connection broke', () => {
  it('leaves after 15 s', async () => {
    const { connected, clock } = testServer();
    const [ann, watcher] = [await connected('ann'), await connected('watcher')];
    await ann.attach('room', { presence: 'enter', d: 1 });
    await watcher.attach('room', { presence: 'watch' });
    ann.cut();
    await clock.advance(14_999);
    expect(events(watcher)).toEqual([]);
    await clock.advance(1);
    expect(await watcher.next('presence')).toMatchObject({ a: 'leave', u: 'ann', d: 1 });
  });

  it('stays when its instance comes back, also past the old grace, and nobody notices', async () => {
    const { connected, clock } = testServer();
    const [ann, watcher] = [await connected('ann'), await connected('watcher')];
    await ann.attach('room', { presence: 'enter', d: 1 });
    await watcher.attach('room', { presence: 'watch' });
    ann.cut();
    await clock.advance(10_000);
    const again = await connected('ann');
    await again.attach('room', { presence: 'enter', d: 1 });
    await clock.advance(20_000);
    expect(events(watcher)).toEqual([]);
    again.cut();
    await clock.advance(15_000);
    expect(await watcher.next('presence')).toMatchObject({ a: 'leave' });
  });

  it('and that comes back with other data is one update', async () => {
    const { connected, clock } = testServer();
    const [ann, watcher] = [await connected('ann'), await connected('watcher')];
    await ann.attach('room', { presence: 'enter', d: 1 });
    await watcher.attach('room', { presence: 'watch' });
    ann.cut();
    await (await connected('ann')).attach('room', { presence: 'enter', d: 2 });
    await clock.advance(20_000);
    expect(events(watcher)).toEqual(['update ann/tab-of-ann 2']);
  });

  it('stays when the old connection breaks after the new one entered', async () => {
    const { connected, clock } = testServer();
    const [old, watcher] = [await connected('ann'), await connected('watcher')];
    await old.attach('room', { presence: 'enter', d: 1 });
    await watcher.attach('room', { presence: 'watch' });
    await (await connected('ann')).attach('room', { presence: 'enter', d: 1 });
    old.end();
    await old.closed;
    await clock.advance(20_000);
    expect(events(watcher)).toEqual([]);
  });

  it.each([
    ['leave', (ann: TestClient) => ann.send({ t: 'leave', r: 9, c: 'room' })],
    ['detach', (ann: TestClient) => ann.send({ t: 'detach', r: 9, c: 'room' })],
    ['bye', (ann: TestClient) => ann.send({ t: 'bye' })],
  ])('has no grace after %s', async (_, go) => {
    const { connected } = testServer();
    const [ann, watcher] = [await connected('ann'), await connected('watcher')];
    await ann.attach('room', { presence: 'enter', d: 1 });
    await watcher.attach('room', { presence: 'watch' });
    go(ann);
    expect(await watcher.next('presence')).toMatchObject({ a: 'leave', u: 'ann' });
  });

  it('has the grace that the options say, and one timer serves all', async () => {
    const { connected, clock } = testServer({ presenceGraceMs: 1_000 });
    const watcher = await connected('watcher');
    await watcher.attach('room', { presence: 'watch' });
    const pending = clock.pending;
    for (let n = 0; n < 20; n++) {
      const client = await connected(`u${n}`);
      await client.attach('room', { presence: 'enter', d: 1 });
      client.cut();
    }
    await clock.advance(100); // what is told together has been told
    expect(clock.pending).toBe(pending + 1);
    await clock.advance(1_000);
    expect(events(watcher).filter((event) => event.startsWith('leave'))).toHaveLength(20);
  });
});
