import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { eventsIn, ndjson, over, streamClient, streaming } from '../test/support/streams.ts';

const connectFrame = (extra: object = {}): string =>
  JSON.stringify({ t: 'connect', r: 0, nonce: 'nonce-of-tests', instance: 'tab', ...extra });

describe('an event stream', () => {
  it('carries all channels of a client, and takes its frames by POST', async () => {
    const { server, connected } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    const bob = await connected('bob');
    await ann.attach('a');
    await ann.attach('b');
    await bob.attach('a');
    await bob.publish('a', 1);
    await bob.publish('b', { deep: ['ü', '\n\r\n', '\u2028'] });
    expect(await ann.publish('a', 'mine')).toMatchObject({ t: 'ack', s: 2 });
    await ann.hears('mine');
    await bob.hears('mine');
    expect(ann.data('a')).toEqual([1, 'mine']);
    expect(ann.data('b')).toEqual([{ deep: ['ü', '\n\r\n', '\u2028'] }]);
    expect(ann.messages('a')).toEqual(bob.messages('a'));
    expect(ann.statuses).toEqual([204, 204, 204]);
    ann.end();
    await ann.closed;
    await server.close();
  });

  it('begins with headers that proxies understand, and its session of 144 random bits', async () => {
    const { server } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    const { status, headers } = await ann.opened;
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      vary: 'Origin',
      'x-accel-buffering': 'no',
    });
    expect(ann.session).toMatch(/^[\w-]{24}$/);
    await server.close();
    expect(await ann.closed).toMatchObject({ code: 4000 });
  });

  it('gets a comment every 20 s, all streams by one timer', async () => {
    const { server, clock } = testServer({ heartbeatMs: 3_600_000 });
    const clients = await Promise.all(
      Array.from({ length: 20 }, (_, n) => streaming(over(server.fetch), `user-${n}`)),
    );
    // One for heartbeats, one for comments, one for who has not connected yet.
    expect(clock.pending).toBe(3);
    await clock.advance(19_000);
    expect(clients.map(({ comments }) => comments)).toEqual(Array(20).fill(0));
    await clock.advance(2_000);
    expect(clients.map(({ comments }) => comments)).toEqual(Array(20).fill(1));
    await clock.advance(40_000);
    expect(clients.map(({ comments }) => comments)).toEqual(Array(20).fill(3));
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('ends with 4002 when no pong came for two heartbeats', async () => {
    const { server, clock } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    const bob = await streaming(over(server.fetch), 'bob');
    ann.answersPings = false;
    await clock.advance(60_000);
    expect(await ann.closed).toMatchObject({ code: 4002 });
    expect(server.stats().connections).toBe(1);
    expect(bob.comments).toBeGreaterThan(1);
    await server.close();
  });

  it('keeps a member for 15 s when it is cut, and none after bye', async () => {
    const { server, connected, clock } = testServer();
    const watcher = await connected('watcher');
    await watcher.attach('room', { presence: 'watch' });
    const [ann, bob] = [
      await streaming(over(server.fetch), 'ann'),
      await streaming(over(server.fetch), 'bob'),
    ];
    await ann.attach('room', { presence: 'enter', d: 1 });
    await bob.attach('room', { presence: 'enter', d: 1 });
    await watcher.next('presence');
    await watcher.next('presence');
    ann.cut();
    bob.end();
    expect(await watcher.next('presence')).toMatchObject({ a: 'leave', u: 'bob' });
    await clock.advance(14_900);
    expect(watcher.all.at(-1)).toMatchObject({ u: 'bob' });
    await clock.advance(200);
    expect(await watcher.next('presence')).toMatchObject({ a: 'leave', u: 'ann' });
    await server.close();
  });

  it('resumes by cursors, without a hole', async () => {
    const { server, connected } = testServer();
    const bob = await connected('bob');
    const ann = await streaming(over(server.fetch), 'ann');
    const { cursor } = await ann.attach('room');
    await bob.publish('room', 1);
    await ann.hears(1);
    ann.cut();
    await ann.closed;
    await bob.publish('room', 2);
    const again = await streaming(over(server.fetch), 'ann');
    expect(await again.attach('room', { cursor })).toMatchObject({ continuity: 'kept' });
    await again.next('replayed');
    expect(again.data()).toEqual([1, 2]);
    await server.close();
  });
});

describe('a stream that is refused', () => {
  const errors = {
    expired: 'token_expired',
    refused: 'auth_failed',
    never: 'auth_denied',
  } as const;
  it.each([
    ['expired', 401, 'Bearer', 4200],
    ['refused', 401, 'Bearer', 4201],
    ['never', 403, null, 4401],
  ] as const)('with a token that is %s has status %i', async (token, status, asks, code) => {
    const { RealtimeError } = await import('@anywire/core/errors');
    const { server } = testServer({
      authenticate: ({ token: given }) => {
        throw new RealtimeError(errors[given as 'never'], 'no');
      },
    });
    const ann = streamClient(over(server.fetch), token);
    await expect(ann.connect()).rejects.toThrow('"t":"error"');
    const response = await ann.opened;
    expect(response.status).toBe(status);
    expect(response.headers.get('WWW-Authenticate')).toBe(asks);
    expect(response.headers.get('Content-Type')).toBe(ndjson);
    expect(await ann.next('bye')).toMatchObject({ code });
    expect(server.stats().connections).toBe(0);
    await server.close();
  });

  it.each([
    ['no frame', '', 400],
    ['no JSON', 'x', 400],
    ['another frame first', '{"t":"detach","r":1,"c":"room"}', 400],
    ['an unknown frame', '{"t":"__proto__"}', 400],
    ['two line feeds', `${connectFrame()}\n\n`, 200],
  ])('%s', async (_, body, status) => {
    const { server } = testServer();
    const headers = { 'Content-Type': ndjson };
    const response = await over(server.fetch)('/sse', { method: 'POST', body, headers });
    expect(response.status).toBe(status);
    await server.close();
  });

  it('by a server that goes away has status 503, and when to come back', async () => {
    const { server } = testServer();
    const closed = server.close();
    const headers = { 'Content-Type': ndjson };
    const body = connectFrame();
    const response = await over(server.fetch)('/sse', { method: 'POST', body, headers });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    await closed;
  });
});

describe('the token of a session', () => {
  it('is asked for with every request', async () => {
    const { server } = testServer();
    const ann = await streaming(over(server.fetch), 'ann');
    for (const token of [undefined, 'bob', 'an', 'ann!']) {
      ann.token = token;
      ann.send('{"t":"detach","r":900,"c":"room"}');
    }
    ann.token = 'ann';
    await ann.attach('room');
    expect(ann.statuses).toEqual([403, 403, 403, 403, 204]);
    expect(ann.all.some((frame) => 'r' in frame && frame.r === 900)).toBe(false);
    await server.close();
  });

  it('may be renewed by a token frame, in the header of the same request or of the next', async () => {
    let asked = 0;
    const { server } = testServer({
      authenticate: async ({ token }) => {
        asked += 1;
        await Promise.resolve();
        return { clientId: token?.split('#')[0] };
      },
    });
    const ann = await streaming(over(server.fetch), 'ann#1');
    ann.token = 'ann#2';
    expect(await ann.request({ t: 'token', token: 'ann#2' })).toMatchObject({ t: 'ok' });
    ann.token = 'ann#1';
    expect(await ann.request({ t: 'token', token: 'ann#3' })).toMatchObject({ t: 'ok' });
    ann.token = 'ann#3';
    await ann.attach('room');
    expect(ann.statuses).toEqual([204, 204, 204]);
    ann.token = 'bob#1';
    ann.send({ t: 'token', r: 901, token: 'bob#1' });
    ann.token = 'ann#2';
    ann.send({ t: 'detach', r: 902, c: 'room' });
    ann.token = 'ann#3';
    ann.send({ t: 'detach', r: 903, c: 'room' });
    await ann.attach('room');
    expect(ann.statuses.slice(3)).toEqual([403, 403, 204, 204]);
    expect(asked).toBe(6);
    await server.close();
  });
});

describe('an EventSource', () => {
  const opened = async (
    send: ReturnType<typeof over>,
  ): Promise<{ status: number; session: string }> => {
    const response = await send('/sse', {
      method: 'POST',
      headers: { 'Content-Type': ndjson, Accept: 'application/json' },
      body: `${connectFrame({ token: 'ann' })}\n{"t":"attach","r":1,"c":"room"}`,
    });
    return { status: response.status, ...((await response.json()) as { session: string }) };
  };

  it('gets its session first, and then its stream, with all that waited, once', async () => {
    const { server } = testServer();
    const send = over(server.fetch);
    const { status, session } = await opened(send);
    expect(status).toBe(201);
    await server.publish('room', 'e', 'early');
    const [first, second] = await Promise.all([
      send(`/sse/${session}`, {}),
      send(`/sse/${session}`, {}),
    ]);
    expect([first.status, second.status]).toEqual([200, 204]);
    const types: unknown[] = [];
    for await (const { event, data } of eventsIn(first.body)) {
      types.push(event ?? (JSON.parse(data ?? '') as { t: string }).t);
      if (types.length === 4) break;
    }
    expect(types).toEqual(['session', 'connected', 'attached', 'message']);
    expect((await send(`/sse/${session}`, {})).status).toBe(204);
    await server.close();
  });

  it('is told to stop when it comes after 10 s', async () => {
    const { server, clock } = testServer();
    const send = over(server.fetch);
    const { session } = await opened(send);
    await clock.advance(10_000);
    expect(server.stats().connections).toBe(0);
    expect((await send(`/sse/${session}`, {})).status).toBe(204);
    await server.close();
  });

  it('that never comes cannot make the server keep more than outboundBytes', async () => {
    const { server, clock } = testServer({ limits: { outboundBytes: 20_000 } });
    await opened(over(server.fetch));
    for (let n = 0; n < 9; n++) {
      await server.publish('room', 'e', 'x'.repeat(5_000));
      await clock.settle();
    }
    expect(server.stats().connections).toBe(0);
    await server.close();
  });
});
