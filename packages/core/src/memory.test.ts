import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AttachRequest, Link, Outbound, Session } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { createMemoryHub, memory, type MemoryHub, type MemoryHubOptions } from './memory.ts';

let clock: VirtualClock;
let hub: MemoryHub;
const { signal } = new AbortController();
const request: AttachRequest = {
  spec: { name: 'room', kind: 'private', history: true, presence: true },
  presence: 'none',
  echo: true,
  signal,
};

/** A connected client of the hub, and a line for each report that it got. */
interface Client {
  readonly session: Session;
  readonly notes: string[];
  readonly received: unknown[];
  take(): string[];
}

async function client(
  clientId: string,
  options: { token?: string; instanceId?: string } = {},
): Promise<Client> {
  const notes: string[] = [];
  const received: unknown[] = [];
  const { token, instanceId = '1' } = options;
  const link: Link = {
    opened: ({ clientId: who }) => void notes.push(`opened ${who}`),
    dropped: ({ error, retry }) => void notes.push(`dropped ${error.code} ${retry}`),
    attached: (_, { continuity, cursor, backlog }) =>
      void notes.push(`attached ${continuity} ${cursor}${backlog ? ' backlog' : ''}`),
    replayed: () => void notes.push('replayed'),
    detached: (_, { error }) => void notes.push(`detached ${error.code}`),
    received(_, { id, serial, data, replayed, sender }) {
      received.push(data);
      const from = `${sender?.clientId}${sender?.verified ? '!' : ''}`;
      notes.push(`${replayed ? 'old' : 'live'} ${id} ${serial} ${from}`);
    },
    presence(_, change) {
      const { action } = change;
      notes.push(
        'member' in change
          ? `${action} ${change.member.clientId} ${JSON.stringify(change.member.data)}`
          : action,
      );
    },
    alive: () => {},
    authorize: () => Promise.resolve(token === undefined ? {} : { token }),
    nonce: clientId,
    clientId,
    instanceId,
    clock,
    random: () => 0,
    log: () => {},
  };
  const session = memory({ hub }).open(link);
  await clock.settle();
  return { session, notes, received, take: () => notes.splice(0) };
}

function start(options: MemoryHubOptions = {}): void {
  clock = virtualClock(0);
  hub = createMemoryHub({ clock, ...options });
}
const outbound = (id: string, data: unknown = id, volatile = false): Outbound => ({
  id,
  event: 'e',
  data,
  json: JSON.stringify(data),
  volatile,
});
const publish = (from: Client, ...ids: string[]): ReturnType<Session['publish']> =>
  from.session.publish(
    'room',
    ids.map((id) => outbound(id)),
    signal,
  );

beforeEach(() => start());

describe('messages', () => {
  it('delivers 2 publishes to both clients with serials 1 and 2, and answers stored', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await ann.session.attach('room', request);
    await bob.session.attach('room', { ...request, presence: 'watch' });
    expect(await publish(ann, 'ann:1', 'ann:2')).toEqual([
      { level: 'stored', serial: 1, timestamp: 0 },
      { level: 'stored', serial: 2, timestamp: 0 },
    ]);
    expect(ann.take()).toEqual([
      'opened ann',
      'attached initial e1:0:',
      'live ann:1 1 ann',
      'live ann:2 2 ann',
    ]);
    expect(bob.take().slice(2)).toEqual([
      'sync-start',
      'sync-end',
      'live ann:1 1 ann',
      'live ann:2 2 ann',
    ]);
  });

  it('delivers an id that is published twice once, and says duplicate', async () => {
    const ann = await client('ann');
    await ann.session.attach('room', request);
    await publish(ann, 'ann:1');
    expect(await publish(ann, 'ann:1')).toEqual([
      { level: 'stored', serial: 1, timestamp: 0, duplicate: true },
    ]);
    expect(ann.received).toEqual(['ann:1']);
  });

  it('gives each of 2 receivers a copy of its own', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    for (const { session } of [ann, bob]) await session.attach('room', request);
    const data = { list: [1] };
    await ann.session.publish('room', [outbound('ann:1', data)], signal);
    expect(ann.received[0]).toEqual(data);
    expect(ann.received[0]).not.toBe(data);
    expect(ann.received[0]).not.toBe(bob.received[0]);
  });

  it('sends own messages back unless echo is false, in which case only as backlog', async () => {
    const ann = await client('ann');
    await ann.session.attach('room', { ...request, echo: false });
    await publish(ann, 'ann:1');
    expect(ann.received).toEqual([]);
    await ann.session.attach('room', { ...request, echo: false, rewind: 5 });
    expect(ann.take().slice(2)).toEqual([
      'attached initial e1:1:ann:1 backlog',
      'old ann:1 1 ann',
      'replayed',
    ]);
  });

  it('keeps no volatile message, and refuses 3 bytes over 2', async () => {
    start({ maxPayloadBytes: 2 });
    const ann = await client('ann');
    await ann.session.attach('room', request);
    const volatile = [outbound('ann:1', 1, true), outbound('ann:2', 'x')];
    const [first, second] = await ann.session.publish('room', volatile, signal);
    expect(first).toEqual({ level: 'none' });
    expect(second).toMatchObject({ error: { code: 'payload_too_large' } });
    expect(ann.take().slice(2)).toEqual(['live ann:1 undefined ann']);
    expect(
      await ann.session.history?.page('room', { limit: 9, direction: 'forwards' }, signal),
    ).toEqual({
      items: [],
      complete: true,
    });
  });
});

describe('continuity', () => {
  it('resumes after a cursor, and says lost once 3 of 2 kept messages were missed', async () => {
    start({ historySize: 2 });
    const [ann, bob] = [await client('ann'), await client('bob')];
    await publish(ann, 'ann:1', 'ann:2');
    const resume = (serial: number): Promise<void> =>
      bob.session.attach('room', { ...request, cursor: `e1:${serial}:ann:${serial}` });
    await publish(ann, 'ann:3');
    bob.take();
    await resume(2);
    expect(bob.take()).toEqual(['attached kept e1:3:ann:3 backlog', 'old ann:3 3 ann', 'replayed']);
    await publish(ann, 'ann:4', 'ann:5');
    bob.take();
    await resume(2);
    expect(bob.take()).toEqual(['attached lost e1:5:ann:5']);
    await resume(5);
    expect(bob.take()).toEqual(['attached kept e1:5:ann:5']);
  });

  it('forgets: everybody is dropped, and the old cursor is lost', async () => {
    const ann = await client('ann');
    await ann.session.attach('room', request);
    hub.forget();
    await clock.settle();
    expect(ann.take().at(-1)).toBe('dropped connection_failed backoff');
    const again = await client('ann');
    await again.session.attach('room', { ...request, cursor: 'e1:0:' });
    expect(again.take().at(-1)).toBe('attached lost e2:0:');
  });

  it('says unknown when it lacks resume, and has no sessions for what it lacks', async () => {
    start({ lacks: ['resume', 'history', 'presence', 'ack'] });
    const ann = await client('ann');
    await ann.session.attach('room', { ...request, cursor: 'e1:0:' });
    expect(ann.take().at(-1)).toBe('attached unknown e1:0:');
    expect([ann.session.history, ann.session.presence]).toEqual([undefined, undefined]);
    expect(await publish(ann, 'ann:1')).toEqual([{ level: 'written', timestamp: 0 }]);
  });
});

describe('presence', () => {
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
      'leave ann {"n":2}',
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
    expect(bob.take()).toEqual(['leave ann 1']);
  });

  it('lets a client that closes leave at once, and one without a client id not enter', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await bob.session.attach('room', { ...request, presence: 'watch' });
    await ann.session.presence?.enter('room', 1, signal);
    await ann.session.close();
    await clock.settle();
    expect(bob.take().at(-1)).toBe('leave ann 1');
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
});

describe('auth', () => {
  it('takes the client id of the token, verified, and refuses the others in 2 ways', async () => {
    start({
      authenticate: (token) => {
        if (token === 'bad') throw new RealtimeError('auth_failed', 'bad token');
        if (token === 'never') throw new RealtimeError('auth_denied', 'not you');
        return { clientId: 'real' };
      },
    });
    const ann = await client('ann', { token: 'good' });
    await ann.session.attach('room', request);
    await publish(ann, 'ann:1');
    expect(ann.take()).toEqual(['opened real', 'attached initial e1:0:', 'live ann:1 1 real!']);
    expect((await client('b', { token: 'bad' })).take()).toEqual([
      'dropped auth_failed fresh-token',
    ]);
    expect((await client('c', { token: 'never' })).take()).toEqual(['dropped auth_denied never']);
  });

  it('drops a connection whose token expires after 1 s, unless it was refreshed', async () => {
    start({ authenticate: (token) => ({ clientId: 'a', expiresAt: Number(token) }) });
    const ann = await client('ann', { token: '1000' });
    const bob = await client('bob', { token: '1000' });
    expect(await bob.session.refresh?.({ token: '5000' })).toBe(5_000);
    await clock.advance(1_000);
    expect(ann.take().at(-1)).toBe('dropped token_expired fresh-token');
    expect(bob.take()).toEqual(['opened a']);
    await bob.session.close();
    expect(clock.pending).toBe(0);
  });

  it('asks `authorize` about each action, and answers forbidden', async () => {
    start({ authorize: ({ action }) => action === 'attach' });
    const ann = await client('ann');
    await ann.session.attach('room', request);
    const forbidden = { code: 'forbidden' };
    await expect(publish(ann, 'ann:1')).rejects.toMatchObject(forbidden);
    await expect(ann.session.presence?.enter('room', 1, signal)).rejects.toMatchObject(forbidden);
    await expect(
      ann.session.history?.page('room', { limit: 1, direction: 'forwards' }, signal),
    ).rejects.toMatchObject(forbidden);
  });
});
