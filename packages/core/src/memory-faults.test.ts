import { beforeEach, describe, expect, it } from 'vitest';
import { client, clock, hub, publish, request, signal, start } from '../test/memory-client.ts';
import { RealtimeError } from './errors.ts';

beforeEach(() => start());

describe('presence', () => {
  it('without a grace says of 2 members who left that one was lost', async () => {
    start({ presenceGraceMs: 0 });
    const [ann, bob, cat] = [await client('ann'), await client('bob'), await client('cat')];
    await cat.session.attach('room', { ...request, presence: 'watch' });
    for (const { session } of [ann, bob]) {
      await session.attach('room', request);
      await session.presence?.enter('room', 1, signal);
    }
    cat.take();
    hub.drop('ann');
    await bob.session.close();
    await clock.settle();
    expect(cat.take()).toEqual(['leave lost ann 1', 'leave left bob 1']);
  });

  it('tells whoever counts the numbers alone: 2 members of 1 client', async () => {
    const [ann, phone, bob] = [
      await client('ann'),
      await client('ann', { instanceId: '2' }),
      await client('bob'),
    ];
    await bob.session.attach('room', { ...request, presence: 'count' });
    for (const { session } of [ann, phone]) {
      await session.attach('room', request);
      await session.presence?.enter('room', 1, signal);
    }
    await phone.session.presence?.leave('room', signal);
    expect(bob.take().slice(2)).toEqual(['0 of 0', '1 of 1', '2 of 1', '1 of 1']);
  });

  it('tells a watcher of enter, update and leave, and a newcomer of 1 member', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await bob.session.attach('room', { ...request, presence: 'watch' });
    bob.take();
    await ann.session.presence?.enter('room', { n: 1 }, signal);
    await ann.session.presence?.enter('room', { n: 1 }, signal); // the same again: nothing to tell
    await ann.session.presence?.update('room', { n: 2 }, signal);
    const cat = await client('cat');
    await cat.session.attach('room', { ...request, presence: 'enter', presenceData: 0 });
    await ann.session.presence?.leave('room', signal);
    await clock.settle();
    expect(bob.take()).toEqual([
      'enter ann {"n":1}',
      'update ann {"n":2}',
      'enter cat 0',
      'leave left ann {"n":2}',
    ]);
    expect(cat.take().slice(2, 5)).toEqual(['sync-start', 'enter ann {"n":2}', 'sync-end']);
  });

  it('keeps a dropped member for 15 s, and says nothing when it comes back within them', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await bob.session.attach('room', { ...request, presence: 'watch' });
    await ann.session.presence?.enter('room', 1, signal);
    bob.take();
    hub.drop('ann');
    await clock.advance(14_999);
    const again = await client('ann');
    await again.session.presence?.enter('room', 1, signal);
    await clock.advance(20_000);
    expect(bob.take()).toEqual([]);
    hub.drop('ann');
    await clock.advance(15_000);
    expect(bob.take()).toEqual(['leave lost ann 1']);
  });

  it('lets a client that closes leave at once, and one without a client id not enter', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await bob.session.attach('room', { ...request, presence: 'watch' });
    await ann.session.presence?.enter('room', 1, signal);
    await ann.session.close();
    await clock.settle();
    expect(bob.take().at(-1)).toBe('leave left ann 1');
    start({ authenticate: () => ({}) });
    const nobody = await client('x');
    await expect(nobody.session.presence?.enter('room', 1, signal)).rejects.toMatchObject({
      code: 'client_id_required',
    });
  });
});

describe('faults', () => {
  it('rejects what waits when the wire is cut, and knows the publish afterwards', async () => {
    const ann = await client('ann');
    hub.holdAcks();
    const waiting = publish(ann, 'ann:1');
    await clock.settle();
    hub.drop();
    await expect(waiting).rejects.toMatchObject({ code: 'connection_failed' });
    hub.releaseAcks();
    expect(await publish(await client('ann'), 'ann:1')).toMatchObject([{ duplicate: true }]);
    await expect(publish(ann, 'ann:2')).rejects.toMatchObject({ code: 'connection_failed' });
  });

  it('fails no request before the cut is told: core would take that for an answer', async () => {
    const ann = await client('ann');
    hub.drop();
    const asked = ann.session.ping?.(signal).catch(() => ann.notes.push('failed'));
    await asked;
    expect(ann.notes.slice(-2)).toEqual(['dropped connection_failed backoff', 'failed']);
  });

  it('answers 1 held publish when acks are released', async () => {
    const ann = await client('ann');
    hub.holdAcks();
    const waiting = publish(ann, 'ann:1');
    await clock.settle();
    hub.releaseAcks();
    expect(await waiting).toMatchObject([{ serial: 1 }]);
  });

  it('mutes: nobody is told, a request waits for its signal, a newcomer for ever', async () => {
    const ann = await client('ann');
    hub.mute();
    const abort = new AbortController();
    const asked = ann.session.ping?.(abort.signal);
    abort.abort();
    await expect(asked).rejects.toMatchObject({ code: 'aborted' });
    const bob = await client('bob');
    expect([ann.take(), bob.take()]).toEqual([['opened ann'], []]);
    hub.start();
    expect((await client('cat')).take()).toEqual(['opened cat']);
  });

  it('stops: 1 client is dropped and the next refused, until it starts', async () => {
    const ann = await client('ann');
    hub.stop();
    await clock.settle();
    const bob = await client('bob');
    expect([ann.take().at(-1), bob.take()]).toEqual([
      'dropped connection_failed backoff',
      ['dropped connection_failed backoff'],
    ]);
    hub.start();
    expect((await client('bob')).take()).toEqual(['opened bob']);
    expect(hub.connections).toBe(1);
  });

  it('delivers the next 1 message twice', async () => {
    const ann = await client('ann');
    await ann.session.attach('room', request);
    hub.duplicate(1);
    await publish(ann, 'ann:1', 'ann:2');
    expect(ann.received).toEqual(['ann:1', 'ann:1', 'ann:2']);
  });

  it('evicts from a channel, and says its own things to whoever is there', async () => {
    const ann = await client('ann');
    await ann.session.attach('room', request);
    hub.publish('room', 'e', { from: 'the hub' });
    hub.evict('room', { error: new RealtimeError('forbidden', 'out'), retry: 'never' });
    hub.publish('room', 'e', 'unheard');
    await clock.settle();
    expect(ann.take().slice(2)).toEqual(['live undefined 1 undefined!', 'detached forbidden']);
  });

  it('evicts members, too, as a detach removes them', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await ann.session.attach('room', { ...request, presence: 'enter', presenceData: 1 });
    hub.evict('room', { error: new RealtimeError('server_error', 'out'), retry: 'now' });
    await bob.session.attach('room', { ...request, presence: 'watch' });
    await clock.settle();
    expect(bob.take().filter((line) => line.includes('ann'))).toEqual([]);
  });
});
