import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ndjson, over, overPort, streaming } from '../test/support/streams.ts';
import { createServer, type AnywireServer } from './server.ts';
import type { ServerOptions } from './options.ts';

const quiet = (options: ServerOptions = {}): AnywireServer =>
  createServer({
    log: () => {},
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    ...options,
  });
const connect = '{"t":"connect","r":0,"nonce":"nonce-of-tests","instance":"tab"}';
const opening = (body: BodyInit = connect, init: RequestInit = {}): Request =>
  new Request('http://example.com/anywire/sse', {
    method: 'POST',
    headers: { 'Content-Type': ndjson },
    body,
    ...init,
  });

describe('a route handler', () => {
  it('takes streams and their requests by its exports, as Next.js calls them', async () => {
    const server = quiet({ path: '/api/realtime' });
    // app/api/realtime/[...all]/route.ts
    const route: Record<string, (request: Request, context: object) => Promise<Response>> = {
      GET: server.fetch,
      POST: server.fetch,
    };
    const context = { params: Promise.resolve({ all: ['sse'] }), path: '/elsewhere' };
    const ann = await streaming((path, init) => {
      const request = new Request(`https://example.com/api/realtime${path}`, init);
      return (route[request.method] as typeof server.fetch & ((...all: unknown[]) => never))(
        request,
        context,
      );
    }, 'ann');
    await ann.attach('room');
    expect(await ann.publish('room', 'hi')).toMatchObject({ t: 'ack', s: 1 });
    await ann.hears('hi');
    await server.close();
    expect(await ann.closed).toMatchObject({ code: 4000 });
  });

  it('runs in Hono on a port, and sees it when a client is cut', async () => {
    const ended: number[] = [];
    let tell = (): void => {};
    const server = quiet({
      onDisconnect(_, { code }) {
        ended.push(code);
        tell();
      },
    });
    const app = new Hono();
    app.get('/', (c) => c.text('the app'));
    app.all('/anywire/*', (c) => server.fetch(c.req.raw));
    const http = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    await new Promise((resolve) => http.once('listening', resolve));
    const { port } = http.address() as AddressInfo;
    const [ann, bob] = [
      await streaming(overPort(port), 'ann'),
      await streaming(overPort(port), 'bob'),
    ];
    await ann.attach('room');
    await bob.attach('room');
    for (let n = 0; n < 20; n++) await bob.publish('room', n);
    await ann.hears(19);
    expect(ann.messages()).toEqual(bob.messages());
    ann.cut();
    while (ended.length === 0) await new Promise<void>((resolve) => (tell = resolve));
    expect(server.stats().connections).toBe(1);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the app');
    await server.close();
    await bob.closed;
    await new Promise((resolve) => http.close(resolve));
  });
});

describe('a stream of fetch', () => {
  it('ends when its request is aborted, and when its body is cancelled', async () => {
    const server = quiet();
    const abort = new AbortController();
    const aborted = await server.fetch(opening(connect, { signal: abort.signal }));
    const cancelled = await server.fetch(opening(connect.replace('tests', 'others')));
    expect(server.stats().connections).toBe(2);
    abort.abort();
    expect(server.stats().connections).toBe(1);
    await cancelled.body?.cancel();
    expect(server.stats().connections).toBe(0);
    expect(await aborted.text()).toContain('"t":"connected"');
    await server.close();
  });

  it('of a request that was aborted before it was answered is over at once', async () => {
    let release = (): void => {};
    const server = quiet({
      authenticate: () => new Promise((resolve) => (release = () => resolve({}))),
    });
    const abort = new AbortController();
    const answer = server.fetch(opening(connect, { signal: abort.signal }));
    await expect.poll(() => server.stats().connections).toBe(1);
    abort.abort();
    release();
    await answer;
    expect(server.stats().connections).toBe(0);
    await server.close();
  });

  it('that nobody reads ends with 4001 when outboundBytes wait', async () => {
    const ended: number[] = [];
    const server = quiet({
      limits: { outboundBytes: 100_000 },
      onDisconnect: (_, { code }) => ended.push(code),
    });
    const attach = `${connect}\n{"t":"attach","r":1,"c":"room"}`;
    await server.fetch(opening(attach));
    for (let n = 0; ended.length === 0 && n < 100; n++) {
      await server.publish('room', 'e', 'x'.repeat(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(ended).toEqual([4001]);
    await server.close();
  });

  it('gets a backlog of more than outboundBytes as it reads, whole', async () => {
    const server = quiet({ limits: { outboundBytes: 100_000 } });
    for (let n = 0; n < 100; n++) await server.publish('room', 'e', [n, 'x'.repeat(10_000)]);
    const ann = await streaming(over(server.fetch), 'ann');
    await ann.attach('room', { rewind: 100 });
    await ann.next('replayed');
    expect(ann.data().map((data) => (data as [number])[0])).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    );
    await server.close();
  });

  it('needs no Host header for the origin of its own host', async () => {
    const server = quiet();
    const status = async (origin: string): Promise<number> => {
      const headers = { 'Content-Type': ndjson, Origin: origin };
      const response = await server.fetch(opening(connect, { headers }));
      await response.body?.cancel();
      return response.status;
    };
    expect([await status('http://example.com'), await status('http://evil.example')]).toEqual([
      200, 403,
    ]);
    await server.close();
  });
});

describe('a body of fetch', () => {
  const chunked = (chunks: number, then: 'close' | 'error'): ReadableStream<Uint8Array> => {
    let left = chunks;
    return new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(65_536).fill(32));
        else if (then === 'close') controller.close();
        else controller.error(new Error('cut'));
      },
    });
  };
  const asked = async (body: BodyInit): Promise<number> => {
    const server = quiet();
    const { status } = await server.fetch(opening(body, { duplex: 'half' } as RequestInit));
    await server.close();
    return status;
  };

  it('is read no further than frameBytes', async () => {
    expect(await asked('x'.repeat(131_073))).toBe(413);
    expect(await asked(chunked(1_000, 'close'))).toBe(413);
  });

  it('that breaks off is answered, and nothing in it is done', async () => {
    expect(await asked(chunked(1, 'error'))).toBe(400);
  });
});
