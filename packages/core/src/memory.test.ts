import { beforeEach, describe, expect, it } from 'vitest';
import {
  client,
  clock,
  hub,
  outbound,
  publish,
  request,
  signal,
  start,
} from '../test/memory-client.ts';
import { RealtimeError } from './errors.ts';
import { createMemoryHub, memory } from './memory.ts';

beforeEach(() => start());

it('takes no hub that is not its own', () => {
  const foreign = { ...createMemoryHub() };
  expect(() => memory({ hub: foreign })).toThrow(expect.objectContaining({ code: 'invalid' }));
});

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

  it('gives each of 2 receivers bytes of its own, live, rewound and in history', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    for (const { session } of [ann, bob]) await session.attach('room', request);
    const data = new Uint8Array([1, 2]);
    await ann.session.publish('room', [{ ...outbound('ann:1', data), json: undefined }], signal);
    data[0] = 9;
    (ann.received[0] as Uint8Array)[1] = 9;
    await bob.session.attach('room', { ...request, rewind: 1 });
    const page = await bob.session.history?.page(
      'room',
      { limit: 1, direction: 'forwards' },
      signal,
    );
    const sent = new Uint8Array([1, 2]);
    expect([...bob.received, page?.items[0]?.data]).toEqual([sent, sent, sent]);
  });

  it('carries extras and the sequence of the sender, live, resumed and in history', async () => {
    const [ann, bob] = [await client('ann'), await client('bob')];
    await bob.session.attach('room', request);
    const beside = { extras: { k: [1] }, sequence: 7 };
    await ann.session.publish('room', [{ ...outbound('ann:1'), ...beside }], signal);
    await bob.session.attach('room', { ...request, cursor: 'e1:0:' });
    const page = await bob.session.history?.page(
      'room',
      { limit: 1, direction: 'forwards' },
      signal,
    );
    expect([...bob.messages, page?.items[0]]).toMatchObject([beside, beside, beside]);
    expect(bob.messages[0]?.extras).not.toBe(bob.messages[1]?.extras);
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
