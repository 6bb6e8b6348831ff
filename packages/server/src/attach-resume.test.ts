import { memory, type Engine, type EngineHost } from './index.ts';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('resume', () => {
  it('is kept: what was missed follows, in order, before what is new', async () => {
    const { connected, join } = testServer();
    const ann = await connected('ann');
    const before = await connected('bob', 'bobbobbob');
    const { cursor } = await before.attach('room');
    before.cut();
    for (const n of numbers(1, 50)) await ann.publish('room', n);
    const bob = join('bobbobbob');
    await bob.connect({ token: 'bob' });
    expect(await bob.attach('room', { cursor })).toMatchObject({
      continuity: 'kept',
      backlog: true,
    });
    await ann.publish('room', 51);
    await bob.hears(51);
    expect(bob.data()).toEqual(numbers(1, 51));
    const types = bob.all.map(({ t }) => t);
    expect(types.indexOf('replayed')).toBe(types.indexOf('attached') + 51);
  });

  it('is kept without a backlog when nothing was missed, 119 s later, in an idle channel', async () => {
    const { connected, clock } = testServer();
    const ann = await connected('ann');
    const { cursor } = await ann.attach('quiet');
    ann.cut();
    await clock.advance(119_000);
    const again = await connected('ann');
    expect(await again.attach('quiet', { cursor })).toMatchObject({
      continuity: 'kept',
      backlog: false,
    });
  });

  it('is lost when the channel was forgotten, and says why', async () => {
    const { connected, clock } = testServer();
    const ann = await connected('ann');
    const { cursor } = await ann.attach('quiet');
    ann.cut();
    await clock.advance(500_000);
    const again = await connected('ann');
    expect(await again.attach('quiet', { cursor })).toMatchObject({
      continuity: 'lost',
      reason: 'the channel began anew',
    });
  });

  it('is lost when messages are no longer stored; what is left follows', async () => {
    const { connected } = testServer({ history: { size: 10 } });
    const ann = await connected('ann');
    const { cursor } = await ann.attach('room', { echo: false });
    for (const n of numbers(1, 30)) await ann.publish('room', n);
    expect(await ann.attach('room', { cursor })).toMatchObject({
      continuity: 'lost',
      reason: 'some messages are no longer stored',
      backlog: true,
    });
    await ann.next('replayed');
    expect(ann.data()).toEqual(numbers(21, 30));
  });

  it('on another server is lost, with all that this one has', async () => {
    const [one, two] = [testServer(), testServer()];
    const { cursor } = await (await one.connected('ann')).attach('room');
    const bob = await two.connected('bob');
    for (const n of numbers(1, 3)) await bob.publish('room', n);
    const ann = await two.connected('ann');
    expect(await ann.attach('room', { cursor })).toMatchObject({ continuity: 'lost' });
    await ann.next('replayed');
    expect(ann.data()).toEqual([1, 2, 3]);
  });

  it('of more than may wait for a client goes page by page, as the client reads', async () => {
    const { connected, clock } = testServer();
    const ann = await connected('ann');
    const bob = await connected('bob');
    const { cursor } = await bob.attach('room');
    bob.cut();
    const text = 'x'.repeat(50_000);
    for (const n of numbers(1, 100)) await ann.publish('room', [n, text]); // 5 MB

    const again = await connected('bob');
    again.transport.isStalled = true;
    again.send({ t: 'attach', r: 99, c: 'room', cursor });
    await clock.settle();
    expect(again.transport.bufferedBytes).toBeLessThan(1_048_576);
    await ann.publish('room', 'new while it reads');
    for (let n = 0; n < 40; n++) {
      again.transport.unstall();
      again.transport.isStalled = true;
      await clock.settle();
    }
    again.transport.unstall();
    await again.hears('new while it reads');
    expect(again.messages().map(({ s }) => s)).toEqual(numbers(1, 101));
  });
});

describe('an engine whose live delivery has a hole', () => {
  function resettable(): { engine: Engine; reset(channel: string): void } {
    const inner = memory();
    let host: EngineHost | undefined;
    const engine: Engine = { ...inner, open: (given) => inner.open((host = given)) };
    return { engine, reset: (channel) => host?.reset(channel) };
  }

  it('detaches all who are attached; they attach again from where they were', async () => {
    const { engine, reset } = resettable();
    const { connected, server, clock } = testServer({ engine });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    const { cursor } = await ann.attach('room', { presence: 'enter', d: 1 });
    await bob.attach('room', { presence: 'watch' });
    await bob.next('sync');
    reset('room');
    reset('nowhere');
    for (const client of [ann, bob])
      expect(await client.next('detached')).toMatchObject({ c: 'room', code: 'server_error' });
    expect(server.stats().channels).toBe(0);
    await bob.publish('room', 'in the hole');
    expect(await ann.attach('room', { cursor, presence: 'enter', d: 1 })).toMatchObject({
      continuity: 'kept',
    });
    await ann.hears('in the hole');
    await clock.advance(20_000);
    await bob.attach('room', { presence: 'watch' });
    expect(await bob.next('sync')).toMatchObject({ members: [{ u: 'ann' }] });
  });

  it('lets a member leave at once by an attachment that has not entered', async () => {
    const { engine, reset } = resettable();
    const { connected } = testServer({ engine });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await ann.attach('room', { presence: 'enter', d: 1 });
    reset('room');
    await ann.attach('room', {});
    await bob.attach('room', { presence: 'watch' });
    expect(await bob.next('sync')).toMatchObject({ members: [{ u: 'ann' }] });
    await ann.request({ t: 'leave', c: 'room' });
    expect(await bob.next('presence')).toMatchObject({ a: 'leave', u: 'ann' });
  });

  it('detaches a client amid its backlog, and sends it nothing more of the channel', async () => {
    const { engine, reset } = resettable();
    const { connected, clock } = testServer({ engine });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    for (const n of numbers(1, 40)) await ann.publish('room', [n, 'x'.repeat(50_000)]);
    bob.transport.isStalled = true;
    bob.send({ t: 'attach', r: 99, c: 'room', rewind: 40, presence: 'watch' });
    await clock.settle();
    reset('room');
    await ann.attach('room', { presence: 'enter', d: 1 });
    bob.transport.unstall();
    bob.transport.isStalled = false;
    await bob.next('detached');
    await ann.publish('room', 'live');
    await ann.request({ t: 'update', c: 'room', d: 2 });
    await bob.publish('room', 'last');
    const after = bob.all.slice(bob.all.findIndex(({ t }) => t === 'detached') + 1);
    expect(after.map(({ t }) => t)).not.toContain('presence');
    expect(after.map(({ t }) => t)).not.toContain('sync');
    expect(bob.data()).not.toContain('live');
  });
});
