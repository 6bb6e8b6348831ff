import { describe, expect, it } from 'vitest';
import { testServer, type TestServer } from '../test/support/pipes.ts';
import { eventsIn, type StreamEvent } from '../test/support/streams.ts';

const ask = (
  { server }: TestServer,
  query: string,
  headers: Record<string, string> = {},
): Promise<Response> =>
  server.fetch(new Request(`http://example.com/anywire/sse?${query}`, { headers }));

interface Reader {
  readonly events: StreamEvent[];
  /** What an EventSource would come back with. */
  readonly lastId: () => string;
  readonly data: () => unknown[];
  readonly ended: Promise<void>;
  cut(): Promise<void>;
}

/** Reads until it is cut. */
async function reader(it0: TestServer, query: string, lastId = ''): Promise<Reader> {
  const response = await ask(it0, query, lastId === '' ? {} : { 'Last-Event-ID': lastId });
  expect(response.status).toBe(200);
  const events: StreamEvent[] = [];
  const stream = eventsIn(response.body);
  let isCut = false;
  const ended = (async () => {
    for (let next = await stream.next(); !next.done && !isCut; next = await stream.next())
      events.push(next.value);
  })();
  await it0.clock.settle();
  return {
    events,
    lastId: () => events.findLast(({ id }) => id !== undefined)?.id ?? '',
    data: () =>
      events
        .filter(({ event, data }) => event === undefined && data !== undefined)
        .map(({ data }) => (JSON.parse(data ?? '') as { d: unknown }).d),
    ended,
    async cut() {
      isCut = true;
      await it0.server.publish('nobody', 'e', 0);
      void stream.return(undefined);
    },
  };
}

describe('a stream for readers', () => {
  it('begins with retry, then attached, and has messages as plain events with an id', async () => {
    const it0 = testServer();
    await it0.server.publish('room', 'said', 'before', { id: 'a:1' });
    const ann = await reader(it0, 'channel=room');
    await it0.server.publish('room', 'said', 'live', { id: 'a:2' });
    await it0.clock.settle();
    const [retry, attached, live] = ann.events;
    expect(retry).toEqual({ retry: '2000' });
    expect(attached?.event).toBe('attached');
    expect(decodeURIComponent(attached?.id ?? '')).toMatch(/^[\w-]+:1:a:1$/);
    expect(live).toMatchObject({ data: expect.stringContaining('"d":"live"') as string });
    expect(live?.event).toBeUndefined();
    expect(decodeURIComponent(live?.id ?? '')).toMatch(/^[\w-]+:2:a:2$/);
    // No `connected`: its secret is nobody's business.
    expect(JSON.stringify(ann.events)).not.toContain('resume');
    await it0.server.close();
    await ann.ended;
    expect(Number(ann.events.at(-1)?.retry)).toBeLessThan(2_000);
    expect(it0.clock.pending).toBe(0);
  });

  it('is kept alive by comments, and never asked for a pong', async () => {
    const it0 = testServer();
    const ann = await reader(it0, 'channel=room');
    await it0.clock.advance(300_000);
    expect(ann.events.filter(({ comment }) => comment !== undefined)).toHaveLength(15);
    expect(ann.events).toHaveLength(17);
    expect(it0.server.stats().connections).toBe(1);
    await it0.server.close();
  });

  it('resumes up to 20 channels by one id, without loss and without repetition', async () => {
    const it0 = testServer();
    const names = Array.from({ length: 20 }, (_, n) => `room,${n}%:"\\ü`);
    const query = names.map((name) => `channel=${encodeURIComponent(name)}`).join('&');
    const seen: unknown[] = [];
    const sent: unknown[] = [];
    let lastId = '';
    for (let round = 0; round < 10; round++) {
      const ann = await reader(it0, query, lastId);
      for (let n = 0; n < 7; n++) {
        const name = names[(round * 7 + n) % 20] as string;
        sent.push(`${round}.${n}`);
        await it0.server.publish(name, 'e', `${round}.${n}`, { id: `id of, "${round}.${n}"` });
        if (n === 3) {
          await it0.clock.settle();
          seen.push(...ann.data());
          lastId = ann.lastId();
          void ann.cut();
        }
      }
    }
    const last = await reader(it0, query, lastId);
    seen.push(...last.data());
    expect(seen).toHaveLength(sent.length);
    expect(seen.toSorted()).toEqual(sent.toSorted());
    await it0.server.close();
  });

  it('that is cut in the middle of a backlog goes on there, and in a rewind begins it again', async () => {
    const it0 = testServer();
    for (const n of [1, 2, 3, 4]) await it0.server.publish('room', 'e', n, { id: `a:${n}` });
    const first = await reader(it0, 'channel=room&rewind=3');
    expect(first.data()).toEqual([2, 3, 4]);
    expect(first.events.at(-1)?.event).toBe('replayed');
    const idAt = (at: number): string => first.events[at]?.id ?? '';
    // After `attached`, and before the first message of the rewind.
    expect(idAt(1)).toBe('');
    expect((await reader(it0, 'channel=room&rewind=3', idAt(1))).data()).toEqual([2, 3, 4]);
    const again = await reader(it0, 'channel=room&rewind=3', idAt(2));
    expect(again.data()).toEqual([3, 4]);
    // And cut after `attached` of that one.
    const third = await reader(it0, 'channel=room', again.events[1]?.id);
    expect(third.data()).toEqual([3, 4]);
    await it0.server.close();
  });

  it.each([
    ['of another life of the channel', 'other%3A3%3Aa%3A1'],
    ['of another URL', 'e%3A3%3Aa,e%3A3%3Aa'],
    ['that is none', '%E0%A4%A'],
  ])('is told that something may be missing after an id %s', async (_, id) => {
    const it0 = testServer();
    const ann = await reader(it0, 'channel=room', id);
    expect(JSON.parse(ann.events[1]?.data ?? '')).toMatchObject({ continuity: 'lost' });
    await it0.server.close();
  });

  it('gives volatile messages the id of what came before them', async () => {
    const it0 = testServer();
    const bob = await it0.connected('bob');
    const ann = await reader(it0, 'channel=room');
    await bob.publish('room', 1);
    bob.send({ t: 'publish', c: 'room', i: `${bob.nonce}:9`, e: 'e', d: 2 });
    await it0.clock.settle();
    expect(ann.data()).toEqual([1, 2]);
    expect(ann.events[3]?.id).toBe(ann.events[2]?.id);
    await it0.server.close();
  });

  it('is written once for all readers of the same channels', async () => {
    const it0 = testServer();
    const readers = await Promise.all(
      Array.from({ length: 5 }, () =>
        ask(it0, 'channel=room').then(({ body }) => body?.getReader()),
      ),
    );
    for (const each of readers) await each?.read();
    await it0.server.publish('room', 'e', 1);
    const chunks = new Set<unknown>();
    for (const each of readers) chunks.add((await each?.read())?.value);
    expect(chunks.size).toBe(1);
    for (const each of readers) await each?.cancel();
    expect(it0.server.stats()).toEqual({ connections: 0, channels: 0 });
    await it0.server.close();
  });
});

describe('a reader is refused', () => {
  const many = Array.from({ length: 21 }, (_, n) => `channel=${n}`).join('&');
  it.each<[string, string, Record<string, string>, number, string]>([
    ['without a channel', '', {}, 400, 'invalid'],
    ['with 21 channels', many, {}, 400, 'limit_exceeded'],
    ['with an empty channel', 'channel=', {}, 400, 'invalid'],
    ['with a rewind that is no number', 'channel=a&rewind=-1', {}, 400, 'invalid'],
    ['with a channel that it may not read', 'channel=a&channel=secret', {}, 403, 'forbidden'],
    ['with a wrong token', 'channel=a', { Authorization: 'Bearer wrong' }, 401, 'auth_failed'],
  ])('%s', async (_, query, headers, status, code) => {
    const it0 = testServer({
      authenticate: ({ token }) => (token === 'wrong' ? null : {}),
      authorize: ({ channel }) => channel !== 'secret',
    });
    const response = await ask(it0, query, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
    expect(it0.server.stats()).toEqual({ connections: 0, channels: 0 });
    await it0.server.close();
  });

  it('while the server goes away, and told when to come back', async () => {
    const it0 = testServer();
    const closed = it0.server.close();
    const response = await ask(it0, 'channel=a');
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1']);
    await closed;
  });

  it('is known by its cookie to authenticate, and asked for every channel', async () => {
    const asked: unknown[] = [];
    const it0 = testServer({
      authenticate: ({ request }) => ({ clientId: String(request?.headers['cookie']) }),
      authorize: ({ client, channel, action }) => {
        asked.push([client.clientId, channel, action]);
        return true;
      },
    });
    await ask(it0, 'channel=a&channel=b&rewind=1', { Cookie: 'user=ann' });
    expect(asked).toEqual([
      ['user=ann', 'a', 'attach'],
      ['user=ann', 'a', 'history'],
      ['user=ann', 'b', 'attach'],
      ['user=ann', 'b', 'history'],
    ]);
    await it0.server.close();
  });
});
