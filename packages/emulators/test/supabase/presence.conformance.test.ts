/** Presence, by the vendor's client. @see SOURCE.md#supabase-presence */
import type { RealtimeChannel, RealtimeClient } from '@supabase/realtime-js';
import { describe, expect, it } from 'vitest';
import { heard, joined, scene, systems, token, versions, type Heard } from './scene.ts';

interface Told {
  readonly event: string;
  readonly key?: string;
  readonly left: number;
}

/** A channel that shows its members, with its own key. */
function shown(client: RealtimeClient, key: string): [RealtimeChannel, Heard<Told>] {
  const channel = client.channel('room', { config: { presence: { key } } });
  const told = heard<Told>();
  channel.on('presence', { event: 'sync' }, () => told.add({ event: 'sync', left: 0 }));
  for (const event of ['join', 'leave'] as const)
    channel.on('presence', { event: event as 'join' }, ({ key: of, currentPresences }) =>
      told.add({ event, key: of, left: currentPresences.length }),
    );
  return [channel, told];
}

const keys = (channel: RealtimeChannel): string[] =>
  Object.keys(channel.presenceState()).toSorted();

describe.each(versions)('serializer %s', (vsn) => {
  it('who enters is seen by all, itself too', async () => {
    const { client } = await scene(vsn);
    const [[ann, byAnn], [bob, byBob]] = [shown(client(), 'ann'), shown(client(), 'bob')];
    await Promise.all([joined(ann), joined(bob)]);
    expect(await ann.track({ mood: 'calm' })).toBe('ok');
    await Promise.all([byAnn, byBob].map((told) => told.until(({ event }) => event === 'join')));
    expect(bob.presenceState()).toMatchObject({ ann: [{ mood: 'calm' }] });
  });

  it('who comes later sees who is there', async () => {
    const { client } = await scene(vsn);
    const [ann] = shown(client(), 'ann');
    await joined(ann);
    await ann.track({});
    const [bob, byBob] = shown(client(), 'bob');
    await joined(bob);
    await byBob.until(({ event }) => event === 'sync');
    expect(keys(bob)).toEqual(['ann']);
  });

  it('a change is a join and a leave of the same key', async () => {
    const { client } = await scene(vsn);
    const [[ann], [bob, byBob]] = [shown(client(), 'ann'), shown(client(), 'bob')];
    await Promise.all([joined(ann), joined(bob)]);
    await ann.track({ n: 1 });
    await ann.track({ n: 2 });
    await byBob.until(({ event }) => event === 'leave');
    expect(bob.presenceState()).toMatchObject({ ann: [{ n: 2 }] });
    expect(byBob.items.filter(({ event }) => event !== 'sync').map(({ event }) => event)).toEqual([
      'join',
      'join',
      'leave',
    ]);
  });

  it('the same again is nothing new', async () => {
    const { client } = await scene(vsn);
    const [[ann], [bob, byBob]] = [shown(client(), 'ann'), shown(client(), 'bob')];
    await Promise.all([joined(ann), joined(bob)]);
    await ann.track({ n: 1 });
    await ann.track({ n: 1 });
    await ann.untrack();
    await byBob.until(({ event }) => event === 'leave');
    expect(byBob.items.filter(({ event }) => event === 'join')).toHaveLength(1);
  });

  it('two of one key are two, until both are gone', async () => {
    const { client } = await scene(vsn);
    const tabs = [shown(client(), 'ann'), shown(client(), 'ann')];
    const [bob, byBob] = shown(client(), 'bob');
    await Promise.all([...tabs.map(([tab]) => joined(tab)), joined(bob)]);
    for (const [n, [tab]] of tabs.entries()) await tab.track({ n });
    expect((await byBob.count(4)).length).toBeGreaterThanOrEqual(4);
    expect(bob.presenceState()['ann']).toHaveLength(2);
    await tabs[0]?.[0].untrack();
    await byBob.until(({ event, left }) => event === 'leave' && left === 1);
    await tabs[1]?.[0].untrack();
    await byBob.until(({ event, left }) => event === 'leave' && left === 0);
  });

  it.each(['unsubscribe', 'disconnect'])('by %s it leaves', async (way) => {
    const { client } = await scene(vsn);
    const one = client();
    const [[ann], [bob, byBob]] = [shown(one, 'ann'), shown(client(), 'bob')];
    await Promise.all([joined(ann), joined(bob)]);
    await ann.track({});
    await byBob.until(({ event }) => event === 'join');
    await (way === 'unsubscribe' ? ann.unsubscribe() : one.disconnect());
    await byBob.until(({ event }) => event === 'leave');
    expect(keys(bob)).toEqual([]);
  });

  it('after a cut it is not shown again by itself', async () => {
    const { server, client } = await scene(vsn);
    const [ann] = shown(client(), 'ann');
    const [bob, byBob] = shown(client(), 'bob');
    const [told] = await Promise.all([joined(ann), joined(bob)]);
    await ann.track({});
    await byBob.until(({ event }) => event === 'join');
    server.drop();
    await Promise.all([told.count(3), byBob.until(({ event }) => event === 'leave')]);
    expect(keys(bob)).toEqual([]);
  });

  it('without a key each join has another one', async () => {
    const { client } = await scene(vsn);
    const [ann, byAnn] = shown(client(), '');
    await joined(ann);
    await ann.track({});
    await byAnn.until(({ event }) => event === 'join');
    expect(keys(ann)[0]).toMatch(/^[\da-f-]{36}$/);
  });

  it('what is no object is an error', async () => {
    const { client } = await scene(vsn);
    const [ann] = shown(client(), 'ann');
    await joined(ann);
    expect(await ann.track([1] as never)).toBe('error');
  });

  it('who may not be shown is told so', async () => {
    const { client } = await scene(vsn, {
      policy: ({ extension, operation }) => extension !== 'presence' || operation !== 'write',
    });
    const channel = client({ key: token() }).channel('room', {
      config: { private: true, presence: { key: 'ann' } },
    });
    channel.on('presence', { event: 'sync' }, () => {});
    await joined(channel);
    expect(await channel.track({})).toBe('error');
  });

  it('the sixth call in half a minute closes the channel', async () => {
    const { client } = await scene(vsn);
    const [ann] = shown(client(), 'ann');
    const told = systems(ann);
    const statuses = await joined(ann);
    for (const n of [1, 2, 3, 4, 5]) expect(await ann.track({ n })).toBe('ok');
    void ann.track({ n: 6 });
    await statuses.until(({ status }) => status === 'CLOSED');
    expect(told.items[0]?.message).toBe('Client presence rate limit exceeded');
  });

  it.each([
    ['before', () => 0],
    ['after', () => 1],
  ])('the answer may come %s what it is about', async (_, random) => {
    const { server, client } = await scene(vsn, { random });
    const [ann, byAnn] = shown(client(), 'ann');
    await joined(ann);
    const order: string[] = [];
    server.intercept((frame, direction) => {
      if (direction === 'out') order.push(frame.event);
      return frame;
    });
    await ann.track({});
    await byAnn.until(({ event }) => event === 'join');
    const expected = ['phx_reply', 'presence_diff'];
    expect(order).toEqual(random() === 0 ? expected : expected.toReversed());
  });
});
