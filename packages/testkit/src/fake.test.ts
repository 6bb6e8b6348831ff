import { RealtimeError, type Link } from '@anywire/core';
import { describe, expect, it } from 'vitest';
import { fakeAdapter } from './fake.ts';
import { virtualClock } from './clock.ts';

/** A link that notes what is reported, in order. */
function notedLink(): { link: Link; notes: string[] } {
  const notes: string[] = [];
  const link: Link = {
    opened: ({ connectionId }) => void notes.push(`opened ${connectionId}`),
    dropped: ({ error, retry }) => void notes.push(`dropped ${error.code} ${retry}`),
    attached: (channel, { continuity }) => void notes.push(`attached ${channel} ${continuity}`),
    replayed: (channel) => void notes.push(`replayed ${channel}`),
    detached: (channel) => void notes.push(`detached ${channel}`),
    received: (channel, { event }) => void notes.push(`received ${channel} ${event}`),
    presence: (channel, { action }) => void notes.push(`presence ${channel} ${action}`),
    alive: () => {},
    report: ({ code }) => void notes.push(`report ${code}`),
    authorize: () => Promise.reject(new RealtimeError('auth_denied', 'no')),
    nonce: 'n',
    secret: 'secret-of-this-one',
    clientId: undefined,
    instanceId: 'i',
    clock: virtualClock(),
    random: () => 0.5,
    log: () => {},
  };
  return { link, notes };
}

const request = {
  spec: { name: 'room', kind: 'private', history: true, presence: true },
  presence: 'none',
  echo: true,
} as const;
const { signal } = new AbortController();
const message = { id: 'n:1', event: 'e', data: 1, json: '1', volatile: false };

describe('fakeAdapter', () => {
  it('answers open, attach and 2 publishes by itself, with serials 1 and 2', async () => {
    const { link, notes } = notedLink();
    const session = fakeAdapter().open(link);
    expect(notes).toEqual([]); // never inside the call
    await session.attach('room', { ...request, signal });
    expect(notes).toEqual(['opened fake-0.1', 'attached room initial']);
    const outcomes = await session.publish('room', [message, { ...message, id: 'n:2' }], signal);
    expect(outcomes).toEqual([
      { level: 'stored', serial: 1 },
      { level: 'stored', serial: 2 },
    ]);
  });

  it('holds 2 calls until the test answers one and releases the other', async () => {
    const { link, notes } = notedLink();
    const fake = fakeAdapter();
    fake.hold('attach');
    const session = fake.open(link);
    const first = session.attach('a', { ...request, signal });
    const second = session.attach('b', { ...request, signal });
    const [held] = fake.all('attach');
    await Promise.resolve();
    held?.answer({ continuity: 'lost', cursor: 'x' });
    await first;
    expect(fake.last('attach').settled).toBe(false);
    fake.release('attach');
    await second;
    expect(notes).toEqual(['opened fake-0.1', 'attached a lost', 'attached b initial']);
  });

  it('ends a call that waits when its signal fires', async () => {
    const { link } = notedLink();
    const fake = fakeAdapter({ auto: false });
    const abort = new AbortController();
    const result = fake.open(link).publish('room', [message], abort.signal);
    abort.abort();
    await expect(result).rejects.toMatchObject({ code: 'aborted' });
    expect(fake.last('publish')).toMatchObject({ settled: true, channel: 'room' });
  });

  it('lets a handler refuse, and tells a waiting test of the next call', async () => {
    const { link } = notedLink();
    const fake = fakeAdapter();
    fake.handle('publish', (call) => call.reject(new RealtimeError('forbidden', 'no')));
    const next = fake.next('publish');
    await expect(fake.open(link).publish('room', [message], signal)).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect((await next).batch).toEqual([message]);
  });

  it('as an adapter that reconnects: reports dropped, then opened and attached for its 1 channel', async () => {
    const { link, notes } = notedLink();
    const fake = fakeAdapter({ reconnect: 'adapter' });
    await fake.open(link).attach('room', { ...request, signal });
    fake.drop();
    fake.reopen('unknown');
    expect(notes.slice(2)).toEqual([
      'dropped connection_failed backoff',
      'opened fake-0.2',
      'attached room unknown',
    ]);
    expect(fake.sessions).toHaveLength(1);
  });

  it('asks for credentials when told to, and reports a refusal as terminal', async () => {
    const { link, notes } = notedLink();
    fakeAdapter({ authorize: true }).open(link);
    await virtualClock().settle();
    expect(notes).toEqual(['dropped auth_denied never']);
  });

  it('has no presence and no history where its capabilities say none', () => {
    const fake = fakeAdapter({
      capabilities: { presence: { support: 'none' }, history: { support: 'none' } },
    });
    const session = fake.open(notedLink().link);
    expect(session.presence).toBeUndefined();
    expect(session.history).toBeUndefined();
    expect(fake.capabilities.presence.maxMembers).toBe(1_000);
  });
});
