/** What a dialect's event stream makes of chunks and requests: with a `fetch` of the test's, in virtual time. */
import { createRealtime, type Realtime } from '@anywire/core';
import { defineDialect, type SseEvent, type SseRequest } from '@anywire/core/dialect';
import { virtualClock } from '@anywire/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { sse } from './index.ts';

type Answer = (url: string, init: RequestInit) => Promise<Response>;

let clients: Realtime[] = [];
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
});

/** A client whose streams the test writes, and whose requests it answers. */
async function streaming({
  answer = async () => new Response('{"ok":true}'),
  say = ({ data }) => ({ path: '/say', body: data }),
  headers,
  url = 'https://host/app/events?a=1',
  heartbeatMs = 0,
}: {
  answer?: Answer;
  say?: (message: { data: unknown }) => SseRequest;
  headers?: Record<string, string>;
  url?: string | (() => string);
  heartbeatMs?: number;
} = {}) {
  const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'));
  const streams: { url: string; signal: AbortSignal; write(chunk: string | Uint8Array): void }[] =
    [];
  const asked: { url: string; init: RequestInit }[] = [];
  const heard: SseEvent[] = [];
  const states: string[] = [];
  const fetch: Answer = async (address, init) => {
    const accept = (init.headers as Record<string, string>)['accept'];
    if (accept !== 'text/event-stream') {
      asked.push({ url: address, init });
      return answer(address, init);
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const signal = init.signal as AbortSignal;
    signal.addEventListener('abort', () => void writer.abort(signal.reason).catch(() => {}));
    streams.push({
      ...{ url: address, signal },
      write: (chunk) =>
        void writer.write(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk),
    });
    return new Response(readable, { headers: { 'content-type': 'text/event-stream' } });
  };
  const dialect = defineDialect({
    ...{ name: 'plain', on: 'sse', defaultChannel: 'all', echo: false, heartbeatMs },
    ...(headers && { handshake: () => ({ headers }) }),
    publish: say,
    ack: { level: 'accepted', by: 'reply' },
    receive: (event) => void heard.push(event),
  });
  const realtime = createRealtime({
    adapter: sse({ url, fetch, dialect }),
    auth: async () => 'secret',
    ...{ clock, random: () => 0.5, heartbeatMs: 0, log: () => {} },
  });
  clients.push(realtime);
  realtime.connection.state.subscribe((state) => states.push(state));
  await Promise.all([realtime.connection.connect(), clock.settle()]);
  return { realtime, room: realtime.channel('all'), clock, streams, asked, heard, states };
}

describe('the stream of a dialect', () => {
  it('makes 1 event of 3 chunks, one of which ends within a letter', async () => {
    const { streams, heard, clock } = await streaming();
    const bytes = new TextEncoder().encode('event: note\nid: 7\ndata: {"text":"Füße"}\n\n');
    const cut = bytes.indexOf(0xc3) + 1;
    for (const chunk of [bytes.slice(0, 8), bytes.slice(8, cut), bytes.slice(cut)])
      streams[0]?.write(chunk);
    await clock.settle();
    expect(heard).toEqual([{ event: 'note', data: { text: 'Füße' }, id: '7' }]);
  });

  it('reads what is no JSON as text, and calls an unnamed event message', async () => {
    const { streams, heard, clock } = await streaming();
    streams[0]?.write('data: plain\n\ndata: two\ndata: lines\n\ndata: 5\n\n: a comment\n\n');
    await clock.settle();
    expect(heard.map(({ event, data }) => [event, data])).toEqual([
      ['message', 'plain'],
      ['message', 'two\nlines'],
      ['message', 5],
    ]);
  });

  it('lives by comments, and is opened again after 10 s of silence and 10 s more', async () => {
    const { streams, clock, states } = await streaming({ heartbeatMs: 10_000 });
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(15_000);
      streams[0]?.write(': alive\n\n');
      await clock.settle();
    }
    expect(streams).toHaveLength(1);
    await clock.advance(21_000);
    expect(streams).toHaveLength(2);
    expect(streams[0]?.signal.aborted).toBe(true);
    expect(states.at(-1)).toBe('connected');
  });

  it('ends with the client, and what waits with it', async () => {
    const { realtime, room, streams } = await streaming({
      answer: (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    });
    const sent = room.publish('e', 1).catch((error: { code: string }) => error.code);
    await realtime.close();
    expect(streams[0]?.signal.aborted).toBe(true);
    expect(['closed', 'outcome_unknown']).toContain(await sent);
  });
});

describe('a request of a dialect', () => {
  const send = async (say: () => SseRequest, headers?: Record<string, string>) => {
    const { room, asked, clock } = await streaming({ say, ...(headers && { headers }) });
    const sent = room.publish('e', 1);
    await clock.settle();
    await sent;
    const [{ url, init }] = asked as [{ url: string; init: RequestInit }];
    return { url, ...init, signal: undefined };
  };

  it('goes to a path beside the stream, as POST with JSON, with the token as the stream has it', async () => {
    expect(await send(() => ({ path: 'say', body: { a: 1 } }))).toEqual({
      ...{ url: 'https://host/app/say', method: 'POST', body: '{"a":1}', signal: undefined },
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
    });
  });

  it('can be another method without a body, and then states no content type', async () => {
    expect(await send(() => ({ path: '/say?x=1', method: 'PUT' }))).toEqual({
      ...{ url: 'https://host/say?x=1', method: 'PUT', signal: undefined },
      headers: { authorization: 'Bearer secret' },
    });
  });

  it('has its own headers beside those of the handshake, which stand in for the token', async () => {
    const { headers } = await send(() => ({ path: '/say', headers: { 'x-own': '2' } }), {
      'x-key': '1',
    });
    expect(headers).toEqual({ 'x-key': '1', 'x-own': '2' });
  });

  it('that is not answered is outcome_unknown, and a second stream is opened', async () => {
    const { room, streams, clock } = await streaming({
      answer: () => Promise.reject(new TypeError('fetch failed')),
    });
    const sent = room.publish('e', 1).catch((error: { code: string }) => error.code);
    await clock.advance(1_000);
    expect(await sent).toBe('outcome_unknown');
    expect(streams.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('that is answered 429 with a date is sent again then: after 30 s, not before', async () => {
    let answers = 0;
    const after = { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' };
    const { room, asked, clock } = await streaming({
      answer: async () =>
        (answers += 1) === 1 ? new Response('', { status: 429, headers: after }) : new Response(''),
    });
    const sent = room.publish('e', 1);
    await clock.advance(29_000);
    expect(asked).toHaveLength(1);
    await clock.advance(2_000);
    expect(asked).toHaveLength(2);
    expect(await sent).toMatchObject({ level: 'accepted', attempts: 2 });
  });
});

describe('the address of a dialect’s stream', () => {
  it('is asked for anew at each of 2 attempts', async () => {
    let attempts = 0;
    const { streams, clock } = await streaming({
      url: () => `https://host/events?attempt=${(attempts += 1)}`,
      heartbeatMs: 1_000,
    });
    await clock.advance(20_000);
    expect(streams.slice(0, 2).map(({ url }) => url)).toEqual([
      'https://host/events?attempt=1',
      'https://host/events?attempt=2',
    ]);
  });

  it('that cannot be read is invalid, and not tried again', async () => {
    await expect(streaming({ url: 'no address' })).rejects.toMatchObject({ code: 'invalid' });
  });
});
