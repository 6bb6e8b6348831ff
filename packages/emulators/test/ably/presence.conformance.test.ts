/** Presence of the emulated Ably, as the vendor's own client meets it. @see ../../SOURCE.md#ably-presence */
import type Ably from 'ably';
import { describe, expect, it } from 'vitest';
import { failure, formats, next, openScene } from './scene.ts';

/** What a channel hears of its members from now on. */
async function watch({ presence }: Ably.RealtimeChannel): Promise<unknown[]> {
  const heard: unknown[] = [];
  await presence.subscribe(({ action, clientId, data }) => heard.push([action, clientId, data]));
  await presence.get();
  return heard;
}

const names = (members: readonly Ably.PresenceMessage[]): string[] =>
  members.map(({ clientId }) => clientId).sort();

describe.each(formats)('presence in %s', (_, isBinary) => {
  it('enter, update and leave are heard; a leave has the last data', async () => {
    const { client } = await openScene(isBinary);
    const heard = await watch(client().channels.get('room'));
    const { presence } = client({ clientId: 'ann' }).channels.get('room');
    await presence.enter('a');
    await presence.update({ b: 1 });
    await presence.leave();
    await expect
      .poll(() => heard)
      .toEqual([
        ['enter', 'ann', 'a'],
        ['update', 'ann', { b: 1 }],
        ['leave', 'ann', { b: 1 }],
      ]);
  });

  it('whoever comes later gets 5 members in pages of 2', async () => {
    const { client } = await openScene(isBinary, { limits: { syncPage: 2 } });
    const { presence } = client().channels.get('room');
    const ids = ['1', '2', '3', '4', '5'];
    for (const id of ids) await presence.enterClient(id, id);
    expect(names(await client().channels.get('room').presence.get())).toEqual(ids);
  });

  it('2 connections of one client are 2 members', async () => {
    const { client } = await openScene(isBinary);
    for (const data of ['1', '2'])
      await client({ clientId: 'ann' }).channels.get('room').presence.enter(data);
    const members = await client().channels.get('room').presence.get();
    expect(members.map(({ data }) => data as unknown).sort()).toEqual(['1', '2']);
    expect(new Set(members.map(({ connectionId }) => connectionId)).size).toBe(2);
  });

  it('a resumed channel has its set again', async () => {
    const { client, service } = await openScene(isBinary);
    const bob = client({ clientId: 'bob' });
    const channel = bob.channels.get('room');
    const heard = await watch(channel);
    await client({ clientId: 'ann' }).channels.get('room').presence.enter();
    await expect.poll(() => heard).toHaveLength(1);
    const back = next(channel, 'attached');
    service.drop({ clientId: 'bob' });
    expect((await back).resumed).toBe(true);
    expect(names(await channel.presence.get())).toEqual(['ann']);
    expect(heard).not.toContainEqual(expect.arrayContaining(['leave']));
  });

  it('who comes back in time has not left; who does not leaves after the grace', async () => {
    const { client, service } = await openScene(isBinary, { times: { presenceGraceMs: 300 } });
    const heard = await watch(client({ clientId: 'bob' }).channels.get('room'));
    const ann = client({ clientId: 'ann' });
    await ann.channels.get('room').presence.enter();
    const back = next(ann.channels.get('room'), 'attached');
    service.drop({ clientId: 'ann' });
    await back;
    service.refuse(1_000);
    service.drop({ clientId: 'ann' });
    await expect.poll(() => heard.at(-1)).toEqual(['leave', 'ann', undefined]);
    expect(heard.filter((one) => (one as unknown[])[0] === 'leave')).toHaveLength(1);
  });

  it('a member enters again by itself where the connection was forgotten', async () => {
    const { client, service } = await openScene(isBinary, { times: { presenceGraceMs: 50 } });
    const ann = client({ clientId: 'ann' });
    const bob = client().channels.get('room');
    const heard = await watch(bob);
    await ann.channels.get('room').presence.enter('a');
    const { id } = ann.connection;
    service.forgetConnections();
    service.changeEpoch();
    service.drop({ clientId: 'ann' });
    await expect.poll(() => heard.map((one) => (one as unknown[])[0])).toContain('leave');
    const members = await bob.presence.get();
    expect(names(members)).toEqual(['ann']);
    expect(members[0]?.connectionId).not.toBe(id);
  });

  it('an anonymous client, or one for another, may not enter: 40012', async () => {
    const { client } = await openScene(isBinary);
    const { presence } = client({ clientId: 'ann' }).channels.get('room');
    expect(await failure(presence.enterClient('bob'))).toBe(40012);
    const anonymous = client();
    await anonymous.connection.whenState('connected');
    expect(await failure(anonymous.channels.get('room').presence.enter())).toBe(40012);
  });

  it('one member too many is 91003, and one without the right 40160', async () => {
    const { client } = await openScene(isBinary, {
      keys: ['app.key:secret', { key: 'app.less:secret', capability: { room: ['subscribe'] } }],
      limits: { membersPerChannel: 1 },
    });
    const { presence } = client().channels.get('room');
    await presence.enterClient('1');
    expect(await failure(presence.enterClient('2'))).toBe(91003);
    const less = client({ key: 'app.less:secret', clientId: 'ann' }).channels.get('room');
    expect(await failure(less.presence.enter())).toBe(40160);
  });

  it('detaching is leaving', async () => {
    const { client } = await openScene(isBinary);
    const heard = await watch(client().channels.get('room'));
    const channel = client({ clientId: 'ann' }).channels.get('room');
    await channel.presence.enter();
    await channel.detach();
    await expect.poll(() => heard.at(-1)).toEqual(['leave', 'ann', undefined]);
  });
});
