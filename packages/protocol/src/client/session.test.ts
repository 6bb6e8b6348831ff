import { describe, expect, it } from 'vitest';
import { attached, message, never, outbound, ready, settle } from '../../test/session-harness.ts';

describe('publishing', () => {
  it('splices the payload text and reports what each answer proves, in the order of the batch', async () => {
    const { session, receive, written } = await ready();
    const done = session.publish(
      'room',
      [outbound(0), outbound(1), outbound(2), outbound(3)],
      never,
    );
    await settle();
    expect(written()[0]?.split('\n')[0]).toBe(
      '{"t":"publish","r":1,"c":"room","i":"nonce-ann:0","e":"said","d":{"n":0}}',
    );
    receive(
      { t: 'error', r: 3, code: 'rate_limited', message: 'slowly', retryAfterMs: 250 },
      { t: 'ack', r: 2, s: 8, ts: 2, dup: true },
      { t: 'ack', r: 1, s: 7, ts: 1 },
      { t: 'ack', r: 4, ts: 4 },
    );
    expect(await done).toMatchObject([
      { level: 'stored', serial: 7, timestamp: 1 },
      { level: 'stored', serial: 8, timestamp: 2, duplicate: true },
      { error: { code: 'rate_limited' }, retryAfterMs: 250 },
      { level: 'accepted', timestamp: 4 },
    ]);
  });

  it('sends a volatile message without a number and resolves with level none at once', async () => {
    const { session, sent } = await ready();
    await expect(session.publish('room', [outbound(0, true)], never)).resolves.toEqual([
      { level: 'none' },
    ]);
    await settle();
    expect(sent()).toEqual([{ t: 'publish', c: 'room', i: 'nonce-ann:0', e: 'said', d: { n: 0 } }]);
  });

  it('rejects with connection_failed when the pipe closes, whatever the reason', async () => {
    const { session, events } = await ready();
    const done = session.publish('room', [outbound(0)], never);
    events.closed({ code: 4200, reason: 'token_expired' });
    await expect(done).rejects.toMatchObject({
      code: 'connection_failed',
      cause: { code: 'token_expired' },
    });
  });

  it('rejects with aborted when its signal fires, and leaves no listener behind', async () => {
    const { session, receive } = await ready();
    const stop = new AbortController();
    const done = session.publish('room', [outbound(0), outbound(1)], stop.signal);
    stop.abort(new Error('enough'));
    await expect(done).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    receive({ t: 'ack', r: 1, s: 1, ts: 1 });
  });
});

describe('presence', () => {
  it('enters, updates and leaves', async () => {
    const { session, receive, sent } = await ready();
    const done = [
      session.presence.enter('room', { name: 'Ann' }, never),
      session.presence.update('room', undefined, never),
      session.presence.leave('room', never),
    ];
    await settle();
    expect(sent()).toEqual([
      { t: 'enter', r: 1, c: 'room', d: { name: 'Ann' } },
      { t: 'update', r: 2, c: 'room', d: null },
      { t: 'leave', r: 3, c: 'room' },
    ]);
    receive({ t: 'ok', r: 1 }, { t: 'ok', r: 2 }, { t: 'ok', r: 3 });
    await Promise.all(done);
  });

  it('reports changes, and a set of several frames between one sync-start and one sync-end', async () => {
    const { receive, heard } = await attached();
    const bob = { u: 'bob', x: 'tab-2', k: 'conn-bob', d: 1 };
    const cat = { u: 'cat', x: 'tab-3', k: 'conn-cat', d: 2 };
    receive(
      { t: 'sync', c: 'room', first: true, more: true, members: [bob] },
      { t: 'sync', c: 'room', members: [cat] },
      { t: 'presence', c: 'room', a: 'leave', ...bob },
    );
    const member = { clientId: 'bob', instanceId: 'tab-2', connectionId: 'conn-bob', data: 1 };
    expect(heard.map(([, , change]) => change)).toMatchObject([
      { action: 'sync-start' },
      { action: 'enter', member },
      { action: 'enter', member: { clientId: 'cat' } },
      { action: 'sync-end' },
      { action: 'leave', member },
    ]);
  });
});

describe('history', () => {
  const query = { limit: 2, direction: 'backwards' } as const;

  it('asks for a page and reads its items', async () => {
    const { session, receive, sent } = await attached();
    const done = session.history.page('room', { ...query, from: 'attach' }, never);
    await settle();
    expect(sent()).toEqual([
      { t: 'history', r: 2, c: 'room', limit: 2, dir: 'backwards', from: 'e1:4:nonce-bob:3' },
    ]);
    receive({ t: 'page', r: 2, complete: true, next: 'e1:3:', items: [message(4)] });
    expect(await done).toMatchObject({
      items: [{ serial: 4, cursor: 'e1:4:nonce-bob:4', replayed: true }],
      next: 'e1:3:',
      complete: true,
    });
  });

  it('refuses to start at the attach of a channel that is not attached', async () => {
    const { session } = await ready();
    const done = session.history.page('room', { ...query, from: 'attach' }, never);
    await expect(done).rejects.toMatchObject({ code: 'detached' });
  });
});
