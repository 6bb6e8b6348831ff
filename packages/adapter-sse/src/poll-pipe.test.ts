import { virtualClock } from '@anywire/testkit/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  attachedFrame,
  connected,
  connectFrame,
  listen,
  message,
  never,
  outbound,
  plain,
} from '../test/link.ts';
import { startScriptServer, type Asked, type ScriptServer } from '../test/script-server.ts';
import { sse } from './index.ts';

let server: ScriptServer;
beforeEach(async () => (server = await startScriptServer()));
afterEach(() => server.close());

const idle = '/anywire/poll?waitMs=25000';
const urgent = '/anywire/poll?waitMs=0';

async function connect() {
  const clock = virtualClock();
  const heard = listen({ clock });
  const session = sse({ url: server.url, transport: 'poll' }).open(heard.link, 'r0');
  const asked = await server.next();
  asked.frames200(connected);
  return { ...heard, clock, session, asked, info: await heard.opened };
}

/** Connected, attached to `room`, and listening: `listening` is not answered yet. */
async function attached(request: object = {}, answer: object = {}) {
  const opened = await connect();
  const done = opened.session.attach('room', { ...plain, ...request });
  const asked = await server.next();
  asked.frames200(connected, attachedFrame(1, 'e1:4:x', answer));
  await done;
  return { ...opened, attach: asked, listening: await server.next() };
}

const connecting = { ...connectFrame, resume: 'r1' };
const again = { t: 'attach', r: 1, c: 'room', cursor: 'e1:4:x', echo: true };
const kept = (cursor = 'e1:4:x', more: object = {}): object =>
  attachedFrame(1, cursor, { continuity: 'kept', ...more });

/** Ends the session; its last exchange is the next one. */
async function close(session: { close(): Promise<void> }): Promise<Asked> {
  const closed = session.close();
  const last = await server.next();
  last.frames200(connected);
  await closed;
  return last;
}

describe('the first exchange', () => {
  it('is connect alone, with the token in its header, and is answered at once', async () => {
    const { asked, info, session } = await connect();
    expect([asked.method, asked.path]).toEqual(['POST', urgent]);
    expect(asked.headers).toMatchObject({
      authorization: 'Bearer token-of-ann',
      'content-type': 'application/x-ndjson',
    });
    expect(asked.frames).toEqual([{ ...connectFrame, resume: 'r0' }]);
    expect(info).toMatchObject({ connectionId: 'c1', resume: 'r1' });
    await close(session);
  });
});

describe('what is said after an attach', () => {
  it('does not overtake it: the publish goes out when the attach was answered', async () => {
    const { session } = await connect();
    const done = session.attach('room', plain);
    const outcomes = session.publish('room', [outbound(1)], never);
    const first = await server.next();
    expect(first.frames).toMatchObject([{ t: 'connect' }, { t: 'attach' }]);
    // What had gone out beside it would be here before the last of these.
    for (let probes = 0; probes < 5; probes += 1) {
      const probe = fetch(`${server.url}/probe`);
      const asked = await server.next();
      expect(asked.path).toBe('/anywire/probe');
      asked.answer(204);
      await probe;
    }
    first.frames200(connected, attachedFrame(1, 'e1:4:x'));
    await done;
    const next = [await server.next(), await server.next()];
    const publishing = next.find(({ path }) => path === urgent);
    expect(publishing?.frames).toMatchObject([connecting, { t: 'publish', d: 1 }]);
    publishing?.frames200(connected, { t: 'ack', r: 2, s: 5, ts: 1 });
    expect(await outcomes).toMatchObject([{ level: 'stored', serial: 5 }]);
    await close(session);
  });

  it('is not waited for when the session ends', async () => {
    const { session } = await connect();
    const done = session.attach('room', plain);
    const outcomes = session.publish('room', [outbound(1)], never);
    await server.next();
    const closed = session.close();
    await expect(done).rejects.toThrow('closed');
    await expect(outcomes).rejects.toThrow('closed');
    (await server.next()).frames200(connected);
    await closed;
  });
});

describe('the exchange that listens', () => {
  it('carries an attach, answered at once; then says it again with its cursor, and waits 25 s', async () => {
    const { attach, listening, session, calls } = await attached();
    expect([attach.path, attach.frames[1]]).toMatchObject([urgent, { t: 'attach', r: 1 }]);
    expect(attach.frames[1]).not.toHaveProperty('cursor');
    expect([listening.path, listening.frames]).toEqual([idle, [connecting, again]]);
    expect(calls.filter(([name]) => name === 'attached')).toHaveLength(1);
    await close(session);
  });

  it('goes on after what it brought, and to the session 3 exchanges are one connection', async () => {
    const { listening, session, calls, clock, call } = await attached();
    listening.frames200(connected, kept(), message(5), message(6));
    const second = await server.next();
    expect(second.frames).toEqual([connecting, { ...again, cursor: 'e1:6:nonce-bob:6' }]);
    second.frames200(
      connected,
      kept('e1:7:nonce-bob:7', { backlog: true }),
      message(7),
      { t: 'replayed', c: 'room' },
      message(8),
    );
    for (let n = 0; n < 4; n += 1) await call('received');
    await clock.advance(50);
    const third = await server.next();
    expect(third.frames[1]).toMatchObject({ cursor: 'e1:8:nonce-bob:8' });
    const heard = calls.filter(([name]) => name !== 'alive').map(([name, , one]) => [name, one]);
    expect(heard).toMatchObject([
      ['attached', {}],
      ...[5, 6, 7, 8].map((serial) => ['received', { serial, replayed: false }]),
    ]);
    await close(session);
  });

  it('is broken off for a new request, which is answered before any other is begun', async () => {
    const { listening, session } = await attached();
    const entered = session.presence?.enter('room', { n: 1 }, never);
    await listening.closed;
    const asked = await server.next();
    expect([asked.path, asked.frames]).toEqual([
      urgent,
      [connecting, again, { t: 'enter', r: 2, c: 'room', d: { n: 1 } }],
    ]);
    const left = session.presence?.leave('room', never);
    const detached = session.detach('other');
    expect(server.unread).toBe(0);
    asked.frames200(connected, kept(), { t: 'ok', r: 2 });
    await entered;
    const next = await server.next();
    expect(next.frames.slice(2)).toEqual([
      { t: 'leave', r: 3, c: 'room' },
      { t: 'detach', r: 4, c: 'other' },
    ]);
    next.frames200(connected, kept(), { t: 'ok', r: 3 }, { t: 'ok', r: 4 });
    await Promise.all([left, detached]);
    await close(session);
  });

  it('that was broken off while its answer was on the way says the same again: nothing is lost', async () => {
    const { listening, session, calls } = await attached();
    const left = session.detach('other');
    listening.frames200(connected, kept(), message(5));
    const asked = await server.next();
    expect(asked.frames).toMatchObject([connecting, again, { t: 'detach' }]);
    expect(calls.filter(([name]) => name === 'received')).toEqual([]);
    const backlog = kept('e1:5:nonce-bob:5', { backlog: true });
    asked.frames200(
      connected,
      backlog,
      message(5),
      { t: 'replayed', c: 'room' },
      { t: 'ok', r: 2 },
    );
    await left;
    expect(calls.filter(([name]) => name === 'received')).toHaveLength(1);
    await close(session);
  });

  it('that says lost ends the session, so that core attaches anew', async () => {
    const { listening, session, dropped, calls } = await attached();
    const reason = 'the epoch is another one';
    listening.frames200(connected, attachedFrame(1, 'e2:0:', { continuity: 'lost', reason }));
    const { error, retry } = await dropped;
    expect([error.vendorCode, retry, error.message]).toMatchObject([1006, 'backoff', /epoch/]);
    expect(calls.filter(([name]) => name === 'attached')).toHaveLength(1);
    await session.close();
  });

  it('that breaks ends the session', async () => {
    const { session, dropped } = await attached();
    await server.close();
    expect(await dropped).toMatchObject({ error: { vendorCode: 1006 }, retry: 'backoff' });
    await session.close();
    server = await startScriptServer();
  });

  it('is asked at most every 50 ms where each answer brings something, and no later', async () => {
    const { listening, session, clock, call } = await attached();
    listening.frames200(connected, kept(), message(5));
    (await server.next()).frames200(connected, kept(), message(6));
    await call('received');
    await call('received');
    await clock.advance(49);
    expect(server.unread).toBe(0);
    await clock.advance(1);
    const third = await server.next();
    await clock.advance(50);
    third.frames200(connected, kept(), message(7));
    (await server.next()).frames200(connected, kept(), message(8));
    await server.next();
    await close(session);
  });

  it('is not asked more than once in 1 s where the server answers at once without news, twice', async () => {
    const { listening, session, clock, call } = await attached({ presence: 'watch' });
    const sync = { t: 'sync', c: 'room', first: true, members: [] };
    listening.frames200(connected, kept(), sync);
    (await server.next()).frames200(connected, kept(), sync);
    for (let n = 0; n < 4; n += 1) await call('presence');
    await clock.advance(999);
    expect(server.unread).toBe(0);
    await clock.advance(1);
    await server.next();
    await close(session);
  });

  it('tells the server which members are known', async () => {
    const { listening, session } = await attached({ presence: 'watch' });
    const member = { u: 'bob', x: 'x', k: 'k', d: null };
    listening.frames200(connected, kept(), {
      t: 'presence',
      c: 'room',
      v: '7',
      a: 'enter',
      ...member,
    });
    const next = await server.next();
    expect(next.frames[1]).toMatchObject({ presence: 'watch', v: '7' });
    await close(session);
  });

  it('begins anew with a new token', async () => {
    const { listening, session } = await attached();
    const renewed = session.refresh?.({ token: 'token-2' });
    const beside = await server.next();
    expect(beside.frames).toEqual([connecting, { t: 'token', r: 2, token: 'token-2' }]);
    expect(beside.headers['authorization']).toBe('Bearer token-of-ann');
    beside.frames200(connected, { t: 'ok', r: 2, expiresInMs: 60_000 });
    await renewed;
    await listening.closed;
    expect((await server.next()).headers['authorization']).toBe('Bearer token-2');
    await close(session);
  });

  it('where nothing is attached is a sign of life every 25 s, with a pause', async () => {
    const { session, clock, call, calls } = await connect();
    await clock.advance(24_999);
    expect(server.unread).toBe(0);
    await clock.advance(1);
    const asked = await server.next();
    expect([asked.path, asked.frames]).toEqual([urgent, [connecting]]);
    const before = calls.length;
    asked.frames200(connected);
    await call('alive');
    await call('alive');
    expect(calls.length).toBe(before + 1);
    await close(session);
  });
});

describe('what is published and asked', () => {
  it('goes beside, in 1 exchange at a time, and what waits meanwhile travels together', async () => {
    const { session, listening } = await attached();
    const first = session.publish('room', [outbound(0)], never);
    const one = await server.next();
    const rest = [1, 2].map((n) => session.publish('room', [outbound(n)], never));
    const page = session.history?.page('room', { limit: 5, direction: 'backwards' }, never);
    expect([one.path, one.frames, server.unread]).toMatchObject([
      urgent,
      [connecting, { t: 'publish', r: 2 }],
      0,
    ]);
    const ack = (r: number) => ({ t: 'ack', r, s: r, ts: 1 });
    one.frames200(connected, ack(2));
    expect(await first).toMatchObject([{ serial: 2 }]);
    const two = await server.next();
    expect(two.frames).toMatchObject([connecting, { r: 3 }, { r: 4 }, { t: 'history', r: 5 }]);
    two.frames200(connected, ack(3), ack(4), { t: 'page', r: 5, complete: true, items: [] });
    expect(await Promise.all(rest)).toMatchObject([[{ serial: 3 }], [{ serial: 4 }]]);
    expect(await page).toMatchObject({ complete: true });
    const ping = session.ping?.(never);
    const three = await server.next();
    expect(three.frames).toEqual([connecting, { t: 'ping' }]);
    three.frames200(connected, { t: 'pong' });
    await ping;
    listening.frames200(connected, kept());
    await close(session);
  });

  it('that breaks ends the session', async () => {
    const { session, dropped, listening } = await attached();
    const lost = session.publish('room', [outbound(0)], never);
    (await server.next()).answer(502);
    expect(await dropped).toMatchObject({ error: { vendorCode: 1006 } });
    await expect(lost).rejects.toMatchObject({ code: 'connection_failed' });
    await listening.closed;
    await session.close();
  });
});

describe('close()', () => {
  it('takes the member out and says bye, in 1 exchange, and stops listening', async () => {
    const { session, listening, drops } = await attached({ presence: 'enter', presenceData: 1 });
    const last = await close(session);
    expect(last.frames).toEqual([connecting, { t: 'detach', r: 1, c: 'room' }, { t: 'bye' }]);
    await listening.closed;
    expect(drops).toEqual([]);
  });
});
