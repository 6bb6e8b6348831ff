/** Changes of tables, by the vendor's client. @see SOURCE.md#supabase-changes */
import type { RealtimeChannel } from '@supabase/realtime-js';
import { describe, expect, it } from 'vitest';
import { heard, joined, scene, systems, token, versions, type Heard } from './scene.ts';

interface Change {
  readonly eventType: string;
  readonly table: string;
  readonly new: object;
  readonly old: object;
}

function changes(channel: RealtimeChannel, question: object): Heard<Change> {
  const told = heard<Change>();
  channel.on('postgres_changes' as 'system', question, (change: unknown) =>
    told.add(change as Change),
  );
  return told;
}

/** Joined, and the database is listened to. */
async function ready(channel: RealtimeChannel): Promise<void> {
  const told = systems(channel);
  await joined(channel);
  await told.until(({ extension }) => extension === 'postgres_changes');
}

describe.each(versions)('serializer %s', (vsn) => {
  it('what was asked for is told, with the values of its columns', async () => {
    const { server, client } = await scene(vsn);
    const channel = client().channel('any');
    const told = changes(channel, { event: '*', schema: 'public', table: 'posts' });
    await ready(channel);
    const record = { id: 7, title: 'hello', done: true, meta: { a: [1] }, at: null };
    expect(server.change({ type: 'INSERT', table: 'posts', record })).toBe(1);
    server.change({ type: 'UPDATE', table: 'posts', record, oldRecord: { id: 7 } });
    server.change({ type: 'DELETE', table: 'posts', oldRecord: { id: 7 } });
    expect(server.change({ type: 'INSERT', table: 'others', record })).toBe(0);
    const items = await told.count(3);
    expect(items.map(({ eventType, new: now, old }) => [eventType, now, old])).toEqual([
      ['INSERT', record, {}],
      ['UPDATE', record, { id: 7 }],
      ['DELETE', {}, { id: 7 }],
    ]);
  });

  it('several questions of one channel are answered once each', async () => {
    const { server, client } = await scene(vsn);
    const channel = client().channel('any');
    const inserts = changes(channel, { event: 'INSERT', schema: 'public', table: 'posts' });
    const all = changes(channel, { event: '*', schema: 'public' });
    await ready(channel);
    server.change({ type: 'INSERT', table: 'posts', record: { id: 1 } });
    server.change({ type: 'INSERT', table: 'likes', record: { id: 2 } });
    await all.count(2);
    expect(inserts.items).toHaveLength(1);
  });

  it.each([
    ['id=eq.1', [1]],
    ['id=neq.1', [2, 3]],
    ['id=lt.2', [1]],
    ['id=lte.2', [1, 2]],
    ['id=gt.2', [3]],
    ['id=gte.2', [2, 3]],
    ['id=in.(1,3)', [1, 3]],
    ['name=eq.ann', [1]],
    ['name=like.a%', [1]],
    ['name=ilike.A_N', [1]],
    ['name=match.^b', [2]],
    ['name=imatch.^B', [2]],
    ['name=is.null', [3]],
    ['name=isdistinct.ann', [2, 3]],
    ['id=not.eq.1', [2, 3]],
    ['id=gt.1,name=eq.bob', [2]],
  ])('the filter %s lets pass %j', async (filter, expected) => {
    const { server, client } = await scene(vsn);
    const channel = client().channel('any');
    const told = changes(channel, { event: '*', schema: 'public', table: 'people', filter });
    const end = changes(channel, { event: '*', schema: 'public', table: 'end' });
    await ready(channel);
    for (const [n, name] of ['ann', 'bob', null].entries())
      server.change({ type: 'INSERT', table: 'people', record: { id: n + 1, name } });
    server.change({ type: 'INSERT', table: 'end', record: {} });
    await end.count(1);
    expect(told.items.map(({ new: now }) => (now as { id: number }).id)).toEqual(expected);
  });

  it('a filter that cannot be is told, and the channel stays', async () => {
    const { client } = await scene(vsn);
    const channel = client().channel('any');
    changes(channel, { event: '*', schema: 'public', table: 'people', filter: 'nonsense' });
    const told = systems(channel);
    await joined(channel);
    const { status, message } = await told.until(({ extension }) => extension !== 'system');
    expect([status, message]).toEqual(['error', 'Error parsing `filter` params: ["nonsense"]']);
    expect(channel.state).toBe('joined');
  });

  it('what happens before the database is listened to is not told', async () => {
    const { server, client } = await scene(vsn, { times: { changesReadyMs: 60 } });
    const channel = client().channel('any');
    const told = changes(channel, { event: '*', schema: 'public', table: 'posts' });
    const ok = systems(channel);
    await joined(channel);
    expect(server.change({ type: 'INSERT', table: 'posts', record: { id: 1 } })).toBe(0);
    await ok.until(({ status }) => status === 'ok');
    server.change({ type: 'INSERT', table: 'posts', record: { id: 2 } });
    const [first] = await told.count(1);
    expect(first?.new).toEqual({ id: 2 });
  });

  it('another token asks again', async () => {
    const { client } = await scene(vsn);
    const one = client();
    await one.setAuth(token());
    const channel = one.channel('any');
    changes(channel, { event: '*', schema: 'public', table: 'posts' });
    const told = systems(channel);
    await joined(channel);
    await told.count(1);
    await one.setAuth(token({ n: 2 }));
    await told.count(2);
    expect(told.items.map(({ message }) => message)).toEqual([
      'Subscribed to PostgreSQL',
      'Subscribed to PostgreSQL',
    ]);
  });
});
