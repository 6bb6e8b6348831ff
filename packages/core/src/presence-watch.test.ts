import { describe, expect, it } from 'vitest';
import { testClient, type TestClient } from '../test/client.ts';
import type { Channel } from './api.ts';
import type { MemberInfo } from './contract.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient({ clientId: 'me', ...options });
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

/** A backend that tells at once that a member is gone. */
const graceless: Options = { fake: { capabilities: { presence: { graceMs: 0 } } } };
const counting: Options = {
  fake: { capabilities: { presence: { occupancy: 'native', watchOnly: false } } },
};
const noop = (): void => {};
const memberOf = (name: string, data: unknown = null): MemberInfo => {
  const [clientId = '', instanceId = '1'] = name.split('/');
  return { clientId, instanceId, data };
};
const enter = ({ fake }: TestClient, name: string, data: unknown = null): void =>
  fake.link.presence('room', { action: 'enter', member: memberOf(name, data) });
const leave = ({ fake }: TestClient, name: string, reason?: 'left' | 'lost'): void =>
  fake.link.presence('room', {
    action: 'leave',
    member: memberOf(name),
    ...(reason && { reason }),
  });

/** What watchers hear, as `leave ann`. */
function edges({ room }: { room: Channel }): string[] {
  const seen: string[] = [];
  for (const action of ['enter', 'update', 'leave'] as const)
    room.presence.on(action, ({ clientId }) => seen.push(`${action} ${clientId}`));
  return seen;
}

describe('grace in core, where the backend has none', () => {
  it('shows a member for 15 s after it was lost, and then tells one leave', async () => {
    const client = await connected(graceless);
    const seen = edges(client);
    await client.clock.settle();
    enter(client, 'ann');
    leave(client, 'ann', 'lost');
    await client.clock.advance(14_999);
    expect(seen).toEqual(['enter ann']);
    expect(client.room.presence.members.get()).toHaveLength(1);
    await client.clock.advance(1);
    expect(seen).toEqual(['enter ann', 'leave ann']);
    expect(client.room.presence.members.get()).toEqual([]);
  });

  it('says nothing of a reload, and 1 update where the data differ', async () => {
    const client = await connected(graceless);
    const seen = edges(client);
    await client.clock.settle();
    enter(client, 'ann', 1);
    for (const data of [1, 2]) {
      leave(client, 'ann');
      await client.clock.advance(3_000);
      enter(client, 'ann', data);
      await client.clock.advance(60_000);
    }
    expect(seen).toEqual(['enter ann', 'update ann']);
  });

  it('ends at once where the backend says that the member left on purpose', async () => {
    const client = await connected(graceless);
    const seen = edges(client);
    await client.clock.settle();
    enter(client, 'ann');
    leave(client, 'ann', 'left');
    expect(seen).toEqual(['enter ann', 'leave ann']);
  });

  it('is as long as the app says, and takes 1 timer for 100 members', async () => {
    const client = await connected({ ...graceless, presenceGraceMs: 200 });
    const seen = edges(client);
    await client.clock.settle();
    const before = client.clock.pending;
    for (let n = 0; n < 100; n++) enter(client, `c${n}`);
    for (let n = 0; n < 100; n++) leave(client, `c${n}`);
    expect(client.clock.pending).toBe(before + 1);
    await client.clock.advance(200);
    expect(seen.filter((text) => text.startsWith('leave'))).toHaveLength(100);
    expect(client.clock.pending).toBe(before);
  });

  it('goes on over an interruption of the watcher: who is not back by then is gone with the sync', async () => {
    const client = await connected(graceless);
    const seen = edges(client);
    await client.clock.settle();
    enter(client, 'ann');
    enter(client, 'bob');
    leave(client, 'ann');
    leave(client, 'bob');
    client.fake.hold('attach');
    client.fake.drop();
    await client.clock.advance(16_000);
    expect(seen).toEqual(['enter ann', 'enter bob']);
    client.fake.link.attached('room', { continuity: 'kept' });
    client.fake.link.presence('room', { action: 'sync-start' });
    enter(client, 'bob');
    client.fake.link.presence('room', { action: 'sync-end' });
    expect(seen).toEqual(['enter ann', 'enter bob', 'leave ann']);
    await client.realtime.close();
    expect(client.clock.pending).toBe(0);
  });

  it('is not added to the grace of a backend that has one', async () => {
    const client = await connected();
    const seen = edges(client);
    await client.clock.settle();
    enter(client, 'ann');
    leave(client, 'ann', 'lost');
    expect(seen).toEqual(['enter ann', 'leave ann']);
  });
});

describe('clients', () => {
  it('come with the first of 2 instances and go with the last one', async () => {
    const client = await connected();
    const seen: string[] = [];
    for (const action of ['enter', 'leave'] as const)
      client.room.presence.onClient(action, ({ clientId, instanceId }) =>
        seen.push(`${action} ${clientId}/${instanceId}`),
      );
    await client.clock.settle();
    for (const name of ['ann/1', 'ann/2', 'bob/1']) enter(client, name);
    for (const name of ['ann/1', 'bob/1', 'ann/2']) leave(client, name);
    expect(seen).toEqual(['enter ann/1', 'enter bob/1', 'leave bob/1', 'leave ann/2']);
  });

  it('stay while a reload replaces the only instance by another one, in a sync', async () => {
    const client = await connected();
    const seen: string[] = [];
    client.room.presence.onClient('leave', ({ clientId }) => seen.push(clientId));
    await client.clock.settle();
    enter(client, 'ann/1');
    client.fake.link.presence('room', { action: 'sync-start' });
    enter(client, 'ann/2');
    client.fake.link.presence('room', { action: 'sync-end' });
    expect(seen).toEqual([]);
    expect(client.room.presence.clients.get().get('ann')).toHaveLength(1);
  });
});

describe('occupancy', () => {
  it('counts the members that are watched, and tells no update', async () => {
    const client = await connected();
    const counts: unknown[] = [];
    client.room.presence.occupancy.subscribe((count) => counts.push(count));
    await client.clock.settle();
    expect(client.fake.last('attach').request.presence).toBe('watch');
    client.fake.link.presence('room', { action: 'sync-start' });
    for (const name of ['ann/1', 'ann/2', 'bob/1']) enter(client, name);
    client.fake.link.presence('room', { action: 'sync-end' });
    enter(client, 'bob/1', 'other data');
    leave(client, 'ann/1');
    expect(counts.map((count) => JSON.stringify(count))).toEqual([
      '{"members":0,"clients":0}',
      '{"members":1,"clients":1}',
      '{"members":2,"clients":1}',
      '{"members":3,"clients":2}',
      '{"members":2,"clients":2}',
    ]);
  });

  it('asks a backend that counts for the count alone, where watching is entering', async () => {
    const client = await connected(counting);
    const counts: unknown[] = [];
    const stop = client.room.presence.occupancy.subscribe((count) => counts.push(count));
    await client.clock.settle();
    expect(client.fake.last('attach').request.presence).toBe('count');
    client.fake.link.presence('room', { action: 'occupancy', members: 900 });
    client.fake.link.presence('room', { action: 'occupancy', members: 900 });
    expect(counts.at(-1)).toEqual({ members: 900 });
    expect(counts).toHaveLength(2);
    expect(() => client.room.presence.on('enter', noop)).toThrow('unsupported');
    stop();
    await client.clock.advance(2_500);
    expect(client.room.state.get()).toBe('detached');
    expect(client.room.presence.occupancy.get()).toEqual({ members: 0, clients: 0 });
  });

  it('asks for the members as well when somebody begins to watch them', async () => {
    const client = await connected({
      fake: { capabilities: { presence: { occupancy: 'native' } } },
    });
    client.room.presence.occupancy.subscribe(noop);
    await client.clock.settle();
    client.room.presence.members.subscribe(noop);
    await client.clock.settle();
    const modes = client.fake.all('attach').map(({ request }) => request.presence);
    expect(modes).toEqual(['count', 'watch']);
  });

  it('is unsupported without entering where nobody counts and watching is entering', async () => {
    const client = await connected({ fake: { capabilities: { presence: { watchOnly: false } } } });
    const { occupancy } = client.room.presence;
    expect(() => occupancy.subscribe(noop)).toThrow('unsupported');
    await client.room.presence.enter(1);
    expect(() => occupancy.subscribe(noop)()).not.toThrow();
  });
});

it('own data is a copy: what the app does to its object later is not entered again', async () => {
  const client = await connected();
  const data = { name: 'Ann' };
  await client.room.presence.enter(data);
  data.name = 'Eve';
  client.fake.drop();
  await client.clock.advance(250);
  expect(client.fake.last('attach').request.presenceData).toEqual({ name: 'Ann' });
});
