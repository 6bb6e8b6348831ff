import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
import { startScriptServer, type ScriptServer } from '../test/script-server.ts';
import { sse, type SseOptions } from './index.ts';

let server: ScriptServer;
beforeEach(async () => (server = await startScriptServer()));
afterEach(() => server.close());

async function connect(options: Partial<SseOptions> = {}) {
  const heard = listen();
  const session = sse({ url: server.url, transport: 'stream', ...options }).open(heard.link, 'r0');
  const asked = await server.next();
  const stream = asked.stream();
  stream.send(connected);
  return { ...heard, session, asked, stream, info: await heard.opened };
}

/** Lets the session say good-bye to a server that takes it. */
async function close(session: { close(): Promise<void> }): Promise<void> {
  const closed = session.close();
  (await server.next()).answer(204);
  await closed;
}

describe('the stream', () => {
  it('is opened by a POST that begins with connect, its token in a header and nowhere else', async () => {
    const { asked, info, session } = await connect();
    expect([asked.method, asked.path]).toEqual(['POST', '/anywire/sse']);
    expect(asked.headers).toMatchObject({
      accept: 'text/event-stream',
      'content-type': 'application/x-ndjson',
      authorization: 'Bearer token-of-ann',
    });
    expect(asked.frames).toEqual([{ ...connectFrame, resume: 'r0' }]);
    expect(info).toMatchObject({ connectionId: 'c1', clientId: 'ann', heartbeatMs: 25_000 });
    await close(session);
  });

  it('brings frames whole, in 1 event or 2 chunks, and each byte is a sign of life', async () => {
    const { stream, session, call, calls } = await connect();
    const attached = session.attach('room', plain);
    (await server.next()).answer(204);
    stream.send(attachedFrame(1), message(1));
    await attached;
    expect(await call('received')).toMatchObject(['room', { data: 1, cursor: 'e1:1:nonce-bob:1' }]);
    const text = `data: ${JSON.stringify(message(2, { d: 'Füße 👣' }))}\n\n`;
    const bytes = [...new TextEncoder().encode(text)];
    for (const part of [':\n\n', text.slice(0, 90)]) {
      const before = calls.length;
      stream.write(part);
      await vi.waitFor(() => expect(calls.slice(before)).toEqual([['alive']]), { interval: 1 });
    }
    stream.write(text.slice(90));
    expect(bytes.length).toBeGreaterThan(text.length);
    expect(await call('received')).toMatchObject(['room', { data: 'Füße 👣' }]);
    await close(session);
  });

  it('that ends without bye counts as 1006, and says of which server', async () => {
    for (const end of ['end', 'cut'] as const) {
      const { stream, dropped } = await connect();
      stream[end]();
      const { error, retry } = await dropped;
      expect([error.code, error.vendorCode, retry]).toEqual(['connection_failed', 1006, 'backoff']);
      expect(error.message).toContain('127.0.0.1:');
    }
  });

  it('hands out its Response', async () => {
    const { session } = await connect();
    expect(session.native).toBeInstanceOf(Response);
    await close(session);
  });
});

describe('what the client says', () => {
  it('goes in 1 POST at a time, and what waits meanwhile travels together', async () => {
    const { stream, session } = await connect();
    const first = session.publish('room', [outbound(0)], never);
    const one = await server.next();
    const rest = [1, 2, 3].map((n) => session.publish('room', [outbound(n)], never));
    expect([one.path, one.frames.length, server.unread]).toEqual(['/anywire/sse/s1', 1, 0]);
    expect(one.headers['authorization']).toBe('Bearer token-of-ann');
    one.answer(204);
    const two = await server.next();
    expect(two.frames).toMatchObject([{ i: 'nonce-ann:1' }, { d: 2 }, { i: 'nonce-ann:3' }]);
    two.answer(204);
    stream.send(...[1, 2, 3, 4].map((r) => ({ t: 'ack', r, s: r, ts: 1 })));
    expect(await Promise.all([first, ...rest])).toMatchObject(
      [1, 2, 3, 4].map((serial) => [{ level: 'stored', serial }]),
    );
    await close(session);
  });

  it('is joined up to 16,384 characters in one POST', async () => {
    const { session } = await connect();
    const sized = (n: number) => ({ ...outbound(n), json: JSON.stringify('x'.repeat(6_000)) });
    const done = session.publish('room', [0, 1, 2, 3, 4].map(sized), never).catch(() => {});
    const counts: number[] = [];
    while (counts.reduce((sum, count) => sum + count, 0) < 5) {
      const asked = await server.next();
      counts.push(asked.frames.length);
      asked.answer(204);
    }
    expect(counts).toEqual([2, 2, 1]);
    await close(session);
    await done;
  });

  it('takes a new token in its header once the server has taken it', async () => {
    const { stream, session } = await connect();
    const renewed = session.refresh?.({ token: 'token-2' });
    const asked = await server.next();
    expect(asked.frames).toEqual([{ t: 'token', r: 1, token: 'token-2' }]);
    expect(asked.headers['authorization']).toBe('Bearer token-of-ann');
    asked.answer(204);
    stream.send({ t: 'ok', r: 1, expiresInMs: 60_000 });
    expect(await renewed).toBeGreaterThan(Date.now());
    const left = session.detach('room');
    const next = await server.next();
    expect(next.headers['authorization']).toBe('Bearer token-2');
    next.answer(204);
    stream.send({ t: 'ok', r: 2 });
    await left;
    await close(session);
  });

  it('keeps the old token where the server refuses the new one', async () => {
    const { stream, session } = await connect();
    const renewed = session.refresh?.({ token: 'token-2' });
    (await server.next()).answer(204);
    stream.send({ t: 'error', r: 1, code: 'auth_failed', message: 'no' });
    await expect(renewed).rejects.toMatchObject({ code: 'auth_failed' });
    const left = session.detach('room').catch(() => {});
    const next = await server.next();
    expect(next.headers['authorization']).toBe('Bearer token-of-ann');
    next.answer(204);
    await close(session);
    await left;
  });
});

describe('close()', () => {
  it('says bye in a POST of its own, ends the stream, and reports no drop', async () => {
    const { session, stream, drops } = await connect();
    const closed = session.close();
    const asked = await server.next();
    expect(asked.frames).toEqual([{ t: 'bye' }]);
    asked.answer(204);
    await closed;
    await stream.closed;
    expect(drops).toEqual([]);
  });

  it('sends the bye as one that outlives its page, and nothing else', async () => {
    const kept: boolean[] = [];
    const { session } = await connect({
      fetch: (url, init) => (kept.push(init.keepalive ?? false), fetch(url, init)),
    });
    await close(session);
    expect(kept).toEqual([false, true]);
  });

  it('waits at most 500 ms for a server that does not answer', async () => {
    const { session, stream } = await connect();
    const startedAt = performance.now();
    await session.close();
    expect(performance.now() - startedAt).toBeLessThan(900);
    await stream.closed;
  });

  it('takes no time while the stream still opens, and without a network', async () => {
    const heard = listen();
    const session = sse({ url: server.url, transport: 'stream' }).open(heard.link);
    const asked = await server.next();
    await session.close();
    await asked.closed;
    expect(heard.drops).toEqual([]);

    let isOffline = false;
    const offline = await connect({
      fetch: (url, init) =>
        isOffline ? Promise.reject(new TypeError('Failed to fetch')) : fetch(url, init),
    });
    isOffline = true;
    const startedAt = performance.now();
    await offline.session.close();
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
