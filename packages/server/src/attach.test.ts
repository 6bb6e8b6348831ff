import { describe, expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { memory } from './memory.ts';
import { testServer } from '../test/support/pipes.ts';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('attach', () => {
  it('begins at the newest message, and hears the next one', async () => {
    const { connected } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await ann.publish('room', 'before');
    const attached = await bob.attach('room');
    expect(attached).toMatchObject({ continuity: 'initial', backlog: false });
    expect(attached.cursor).toMatch(/^[\w-]+:1:nonce-\d+:0$/);
    await ann.publish('room', 'after');
    await bob.hears('after');
    expect(bob.data()).toEqual(['after']);
    expect(bob.all.map(({ t }) => t)).not.toContain('replayed');
  });

  it('delivers the last n messages first with rewind, then marks their end', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    for (const n of numbers(1, 5)) await ann.publish('room', n);
    const bob = await connected('bob');
    expect(await bob.attach('room', { rewind: 2 })).toMatchObject({ backlog: true });
    await bob.next('replayed');
    expect(bob.data()).toEqual([4, 5]);
    expect((await bob.attach('other', { rewind: 2 })).backlog).toBe(false);
  });

  it('takes __proto__ for a channel like any other', async () => {
    const { connected } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await ann.attach('__proto__');
    await bob.attach('constructor');
    await ann.publish('__proto__', 1);
    await ann.publish('constructor', 2);
    await bob.hears(2);
    expect([ann.data(), bob.data()]).toEqual([[1], [2]]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('of more than 256 channels is refused, until one is detached', async () => {
    const { connected, server } = testServer();
    const ann = await connected('ann');
    for (const n of numbers(1, 256)) await ann.attach(`c${n}`);
    const refused = await ann.request({ t: 'attach', c: 'c257' });
    expect(refused).toMatchObject({ t: 'error', c: 'c257', code: 'limit_exceeded' });
    await ann.attach('c1'); // it has this one
    await ann.request({ t: 'detach', c: 'c2' });
    await ann.attach('c257');
    expect(server.stats().channels).toBe(256);
    ann.end();
    expect(server.stats()).toEqual({ connections: 0, channels: 0 });
  });

  it('ends with detach: nothing is heard any more', async () => {
    const { connected, server } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await bob.attach('room');
    await bob.attach('other');
    expect(await bob.request({ t: 'detach', c: 'room' })).toMatchObject({ t: 'ok' });
    expect(await bob.request({ t: 'detach', c: 'room' })).toMatchObject({ t: 'ok' });
    await ann.publish('room', 1);
    await ann.publish('other', 2);
    await bob.hears(2);
    expect(bob.data()).toEqual([2]);
    expect(server.stats().channels).toBe(1);
  });

  it('without echo does not hear its own messages live, but has them in a backlog', async () => {
    const { connected } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    const { cursor } = await ann.attach('room', { echo: false });
    await bob.attach('room');
    await ann.publish('room', 'mine');
    await bob.publish('room', 'yours');
    await ann.hears('yours');
    expect(ann.data()).toEqual(['yours']);
    await ann.attach('room', { echo: false, cursor });
    await ann.next('replayed');
    expect(ann.data()).toEqual(['yours', 'mine', 'yours']);
  });

  it('tells the app which channels are in use', async () => {
    const told: string[] = [];
    const { connected } = testServer({
      onOccupied: (channel) => told.push(`+${channel}`),
      onVacated: (channel) => told.push(`-${channel}`),
    });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await ann.attach('room');
    await bob.attach('room');
    ann.end();
    bob.end();
    expect(told).toEqual(['+room', '-room']);
  });
});

describe('an engine that fails', () => {
  it.each(['subscribe', 'read', 'enter', 'members'] as const)(
    'in %s fails the attach, says so, and the next one is a new try',
    async (method) => {
      const inner = memory();
      let isBroken = true;
      const works = inner[method] as (...args: never[]) => unknown;
      const engine: Engine = {
        ...inner,
        [method]: (...args: never[]) =>
          isBroken ? Promise.reject(new Error('no disk')) : works(...args),
      };
      const { connected, server, logs } = testServer({ engine });
      const ann = await connected('ann');
      const attach = { t: 'attach', c: 'room', presence: 'enter', d: 1 } as const;
      const answer = await ann.request(attach);
      // Once it was answered, the end of an attachment is not an error but an event.
      const failed = method === 'members' ? await ann.next('detached') : answer;
      expect(answer.t).toBe(method === 'members' ? 'attached' : 'error');
      expect(failed).toMatchObject({ c: 'room', code: 'server_error' });
      expect(JSON.stringify(ann.all)).not.toContain('disk');
      expect(logs.some((line) => line.startsWith('error'))).toBe(true);
      expect(server.stats().channels).toBe(0);
      isBroken = false;
      await ann.attach('room', { presence: 'enter', d: 1 });
      expect(await ann.next('sync')).toMatchObject({ members: [{ u: 'ann' }] });
    },
  );
});

describe('permission to be attached', () => {
  it('is asked for attach, presence and history apart, and a no leaves the connection', async () => {
    const asked: string[] = [];
    const { connected } = testServer({
      authorize({ action, channel, event }) {
        asked.push(`${channel} ${action} ${event}`);
        return !channel.includes(action);
      },
    });
    const ann = await connected('ann');
    const refused = { t: 'error', code: 'forbidden' };
    expect(await ann.request({ t: 'attach', c: 'no attach' })).toMatchObject(refused);
    expect(await ann.request({ t: 'attach', c: 'no history', rewind: 1 })).toMatchObject(refused);
    expect(await ann.request({ t: 'attach', c: 'no presence', presence: 'watch' })).toMatchObject(
      refused,
    );
    await ann.attach('yes', { rewind: 1, presence: 'enter' });
    expect(asked.slice(-3)).toEqual([
      'yes attach undefined',
      'yes history undefined',
      'yes presence enter',
    ]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no database')), 0],
    ['does not answer in 10 s', () => new Promise<boolean>(() => {}), 10_000],
    ['answers a grant that has ended', () => ({ expiresAt: 1 }), 0],
    ['answers undefined', () => undefined, 0],
  ])('is refused when authorize %s', async (_, authorize, ms) => {
    const { connected, clock } = testServer({ authorize });
    const ann = await connected('ann');
    const answer = ann.request({ t: 'attach', c: 'room' });
    await clock.advance(ms);
    expect(await answer).toMatchObject({ t: 'error', code: 'forbidden', c: 'room' });
  });

  it('that ends is asked for again, and its end detaches the client', async () => {
    let isAllowed = true;
    const { connected, clock } = testServer({
      authorize: () => isAllowed && { expiresAt: clock.now() + 60_000 },
    });
    const ann = await connected('ann');
    await ann.attach('room');
    await clock.advance(90_000);
    isAllowed = false;
    expect(ann.all.some(({ t }) => t === 'detached')).toBe(false);
    await clock.advance(30_000);
    expect(await ann.next('detached')).toMatchObject({ c: 'room', code: 'forbidden' });
  });

  it('is not asked for any more after the attachment has ended', async () => {
    let asked = 0;
    const { connected, clock } = testServer({
      authorize: () => ({ expiresAt: clock.now() + (asked += 1) * 1_000 }),
    });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await ann.attach('room');
    await bob.attach('room');
    await ann.request({ t: 'detach', c: 'room' });
    bob.cut();
    await clock.advance(10_000);
    expect(asked).toBe(2);
  });

  it('that is refused ends the attachment that there was', async () => {
    let isAllowed = true;
    const { connected, server } = testServer({ authorize: () => isAllowed });
    const ann = await connected('ann');
    await ann.attach('room');
    isAllowed = false;
    expect(await ann.request({ t: 'attach', c: 'room' })).toMatchObject({ code: 'forbidden' });
    expect(server.stats().channels).toBe(0);
  });
});

describe('defined channels', () => {
  const channels = { 'room:{id}': { history: true, presence: {} }, plain: {} };

  it('are the only ones', async () => {
    const { connected } = testServer({ channels });
    const ann = await connected('ann');
    await ann.attach('room:1');
    expect(await ann.request({ t: 'attach', c: 'room' })).toMatchObject({ code: 'invalid' });
    expect(await ann.publish('other', 1)).toMatchObject({ code: 'invalid' });
  });

  it('without history and presence refuse both, but resume', async () => {
    const { connected } = testServer({ channels });
    const ann = await connected('ann');
    const unsupported = { t: 'error', code: 'unsupported' };
    expect(await ann.request({ t: 'attach', c: 'plain', rewind: 1 })).toMatchObject(unsupported);
    expect(await ann.request({ t: 'attach', c: 'plain', presence: 'watch' })).toMatchObject(
      unsupported,
    );
    expect(
      await ann.request({ t: 'history', c: 'plain', limit: 1, dir: 'forwards' }),
    ).toMatchObject(unsupported);
    const { cursor } = await ann.attach('plain');
    await ann.publish('plain', 1);
    expect(await ann.attach('plain', { cursor })).toMatchObject({ continuity: 'kept' });
  });
});
