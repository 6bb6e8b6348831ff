import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import type { Adapter } from '@anywire/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connected, connectFrame, listen, type Heard } from '../test/link.ts';
import { startScriptServer, type Asked, type ScriptServer } from '../test/script-server.ts';
import { sse } from './index.ts';

let server: ScriptServer;
let clock: VirtualClock;
let adapter: Adapter;
beforeEach(async () => {
  server = await startScriptServer();
  clock = virtualClock();
  adapter = sse({ url: server.url });
});
afterEach(() => server.close());

async function open(): Promise<Heard & { session: ReturnType<Adapter['open']>; asked: Asked }> {
  const heard = listen({ clock });
  const session = adapter.open(heard.link);
  return { ...heard, session, asked: await server.next() };
}

/** Opens a session behind something that holds streams back, and says by which way it went. */
async function openBlocked() {
  const opened = await open();
  if (opened.asked.path.endsWith('/sse')) {
    await clock.advance(4_000);
    (await server.next()).frames200(connected);
  } else opened.asked.frames200(connected);
  await opened.opened;
  return opened;
}

async function close(session: { close(): Promise<void> }): Promise<void> {
  const closed = session.close();
  (await server.next()).frames200(connected);
  await closed;
}

describe('auto', () => {
  it('streams, and asks for nothing else, where the stream speaks within 4 s', async () => {
    const { asked, session, opened } = await open();
    expect(asked.path).toBe('/anywire/sse');
    await clock.advance(3_999);
    asked.stream().send(connected);
    await opened;
    await clock.advance(60_000);
    expect(server.unread).toBe(0);
    expect(session.native).toBeInstanceOf(Response);
    await close(session);
  });

  it('polls where the stream is silent for 4 s and a poll is answered, in the same attempt', async () => {
    const { asked, session, opened, drops } = await open();
    await clock.advance(4_000);
    const poll = await server.next();
    expect([poll.path, poll.frames]).toEqual(['/anywire/poll?waitMs=0', [connectFrame]]);
    poll.frames200(connected);
    expect(await opened).toMatchObject({ connectionId: 'c1' });
    await asked.closed;
    expect([session.native, drops]).toEqual([undefined, []]);
    await close(session);
  });

  it('polls at once in the attempts of the next 10 minutes, then streams again', async () => {
    for (const [path, waitMs] of [
      ['/anywire/sse', 300_000],
      ['/anywire/poll?waitMs=0', 295_999],
      ['/anywire/poll?waitMs=0', 4_001],
      ['/anywire/sse', 0],
    ] as const) {
      const { asked, session } = await openBlocked();
      expect(asked.path).toBe(path);
      await close(session);
      await clock.advance(waitMs);
    }
  });

  it('does not take a dead server for a blocked stream', async () => {
    for (const attempt of [1, 2]) {
      const { asked, session, drops } = await open();
      expect([attempt, asked.path]).toEqual([attempt, '/anywire/sse']);
      await clock.advance(4_000);
      const poll = await server.next();
      await session.close();
      await Promise.all([asked.closed, poll.closed]);
      expect(drops).toEqual([]);
    }
  });

  it('takes the stream where it speaks before the poll does', async () => {
    const { asked, session, opened } = await open();
    await clock.advance(4_000);
    const poll = await server.next();
    asked.stream().send(connected);
    await opened;
    await poll.closed;
    expect(session.native).toBeInstanceOf(Response);
    await close(session);
  });

  it('waits for the poll where the stream fails meanwhile, and the other way round', async () => {
    const first = await open();
    await clock.advance(4_000);
    const poll = await server.next();
    first.asked.answer(504);
    await first.asked.closed;
    poll.frames200(connected);
    await first.opened;
    await close(first.session);

    adapter = sse({ url: server.url });
    const second = await open();
    await clock.advance(4_000);
    const other = await server.next();
    other.answer(502);
    await other.closed;
    second.asked.stream().send(connected);
    await second.opened;
    expect([...first.drops, ...second.drops]).toEqual([]);
    await close(second.session);
  });

  it('reports one drop where both fail', async () => {
    const { asked, dropped, drops, session } = await open();
    await clock.advance(4_000);
    (await server.next()).answer(502);
    asked.answer(504);
    expect(await dropped).toMatchObject({ retry: 'backoff' });
    await session.close();
    expect(drops).toHaveLength(1);
  });

  it('tries a stream again after a poll that met nobody: it may be another network', async () => {
    await close((await openBlocked()).session);
    const { asked, dropped } = await open();
    expect(asked.path).toBe('/anywire/poll?waitMs=0');
    asked.answer(502);
    await dropped;
    const { asked: next, session } = await open();
    expect(next.path).toBe('/anywire/sse');
    await session.close();
  });

  it('hears a refusal of the stream at once', async () => {
    const { asked, dropped } = await open();
    asked.answer(401);
    expect(await dropped).toMatchObject({ retry: 'fresh-token' });
    expect(server.unread).toBe(0);
  });
});
