import { EventSource } from 'eventsource';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachedFrame, connected, connectFrame, listen, message, plain } from '../test/link.ts';
import { startScriptServer, type ScriptServer } from '../test/script-server.ts';
import { sse } from './index.ts';

let server: ScriptServer;
beforeEach(async () => (server = await startScriptServer()));
afterEach(() => server.close());

const json = { 'content-type': 'application/json' };

async function connect() {
  const heard = listen();
  const options = { url: `${server.url}?tenant=1`, transport: 'eventsource', EventSource } as const;
  const session = sse(options).open(heard.link);
  const post = await server.next();
  post.answer(201, json, '{"session":"s1"}');
  const get = await server.next();
  const stream = get.stream();
  stream.send(connected);
  return { ...heard, session, post, get, stream, info: await heard.opened };
}

describe('the EventSource', () => {
  it('opens the session that a POST has made: no token and no header of its own', async () => {
    const { post, get, session, info } = await connect();
    expect([post.method, post.path, post.frames]).toEqual([
      'POST',
      '/anywire/sse?tenant=1',
      [connectFrame],
    ]);
    expect(post.headers).toMatchObject({
      accept: 'application/json',
      authorization: 'Bearer token-of-ann',
    });
    expect([get.method, get.path]).toEqual(['GET', '/anywire/sse/s1?tenant=1']);
    expect(get.headers['authorization']).toBeUndefined();
    expect(info).toMatchObject({ connectionId: 'c1' });
    expect(session.native).toBeInstanceOf(EventSource);
    const closed = session.close();
    (await server.next()).answer(204);
    await closed;
  });

  it('brings what the server says, and POSTs say what the client does', async () => {
    const { stream, session, call } = await connect();
    const attached = session.attach('room', plain);
    const asked = await server.next();
    expect([asked.path, asked.frames]).toMatchObject([
      '/anywire/sse/s1?tenant=1',
      [{ t: 'attach', c: 'room' }],
    ]);
    asked.answer(204);
    stream.send(attachedFrame(1), message(1));
    await attached;
    expect(await call('received')).toMatchObject(['room', { data: 1 }]);
    const closed = session.close();
    const bye = await server.next();
    expect(bye.frames).toEqual([{ t: 'bye' }]);
    bye.answer(204);
    await closed;
    await stream.closed;
  });

  it.each(['end', 'cut'] as const)(
    'is closed at its first error, and never comes back by itself (%s)',
    async (end) => {
      const { stream, dropped, session, drops } = await connect();
      stream.write('retry: 1\n\n');
      stream[end]();
      const { error, retry } = await dropped;
      expect([error.vendorCode, retry]).toEqual([1006, 'backoff']);
      expect((session.native as EventSource).readyState).toBe(EventSource.CLOSED);
      expect([drops.length, server.unread]).toEqual([1, 0]);
    },
  );

  it.each([204, 401, 404, 503])('that is refused with %i is a failed try', async (status) => {
    const heard = listen();
    const session = sse({ url: server.url, transport: 'eventsource', EventSource }).open(
      heard.link,
    );
    (await server.next()).answer(201, json, '{"session":"s1"}');
    (await server.next()).answer(status);
    const { error, retry } = await heard.dropped;
    expect([error.vendorCode, retry]).toEqual([1006, 'backoff']);
    await session.close();
  });

  it('is not made where the session was closed before its POST was answered', async () => {
    const heard = listen();
    const session = sse({ url: server.url, transport: 'eventsource', EventSource }).open(
      heard.link,
    );
    const post = await server.next();
    await session.close();
    await post.closed;
    expect([session.native, heard.drops, server.unread]).toEqual([undefined, [], 0]);
  });
});
