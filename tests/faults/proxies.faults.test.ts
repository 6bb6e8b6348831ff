/**
 * Behind the reverse proxies of docs/deploy.md, with the configurations that it shows: what arrives, what stays, and
 * what becomes of clients whose proxy dies. Time-outs are shortened: 60 s to 2 s, the heartbeat to 500 ms.
 *
 * @see docs/deploy.md · proxy-process.ts
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Adapter, type Realtime } from '@anywire/core';
import { createServer, type ServerOptions } from '@anywire/server';
import { afterEach, describe, expect, it } from 'vitest';
import { Agent, fetch } from 'undici';
import { WebSocket } from 'ws';
import { scale } from '../tier.ts';
import {
  certificate,
  installedProxies,
  startProxy,
  type ProxyProcess,
  type ProxySettings,
} from './proxy-process.ts';
import { until } from './support.ts';

/** Of the proxy, in ms. */
const timeoutMs = 2_000;
const heartbeatMs = 500;
/** A client must have forged it. */
const forged = '203.0.113.9';

const proxies = installedProxies();
const keys = proxies.length > 0 ? certificate() : { cert: '', key: '' };

/** Trusts the certificate of this run, and claims to be somebody else. */
class TestWebSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string[]) {
    super(url, protocols, { ca: keys.cert, family: 4, headers: { 'X-Forwarded-For': forged } });
  }
}

/** The same over HTTP. */
function http(transport: 'stream' | 'poll'): (port: number) => Adapter {
  return (port) => {
    const dispatcher = new Agent({ connect: { ca: keys.cert, family: 4 } });
    closers.push(() => dispatcher.destroy());
    const trusting = ((url: string, init: RequestInit) => {
      const headers = { ...(init.headers as object), 'X-Forwarded-For': forged };
      return fetch(url, { ...(init as object), headers, dispatcher });
    }) as unknown as typeof globalThis.fetch;
    return sse({ url: `https://localhost:${port}/anywire`, transport, fetch: trusting });
  };
}

/** Every transport of the server, by how a client is made for `localhost:port`. */
const transports: readonly (readonly [string, (port: number) => Adapter])[] = [
  ['ws', (port) => ws({ url: `wss://localhost:${port}/anywire`, WebSocket: TestWebSocket })],
  ['an event stream', http('stream')],
  ['long polling', http('poll')],
];

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Scene {
  readonly proxy: ProxyProcess;
  client(): Realtime;
}

async function scene(
  name: (typeof proxies)[number],
  adapter: (port: number) => Adapter,
  options: ServerOptions = {},
  replace: ProxySettings['replace'] = [],
): Promise<Scene> {
  const http = createHttpServer();
  const server = createServer({ heartbeatMs, log: () => {}, ...options });
  server.attach(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closers.push(async () => {
    await server.close({ deadlineMs: 0 });
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const { port: serverPort } = http.address() as AddressInfo;
  const proxy = await startProxy(name, { serverPort, timeoutMs, replace }, keys);
  closers.push(() => proxy.close());
  return {
    proxy,
    client() {
      const realtime = createRealtime({
        adapter: adapter(proxy.port),
        reconnectMinMs: 10,
        reconnectMaxMs: 100,
        log: () => {},
      });
      closers.push(() => realtime.close());
      return realtime;
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills it under all clients, and starts it when all have noticed: 3 times. */
async function restart(proxy: ProxyProcess, clients: readonly Realtime[]): Promise<void> {
  const all = (test: (state: string) => boolean): Promise<unknown> =>
    Promise.all(clients.map(({ connection }) => until(connection.state, test)));
  for (let round = 1; round <= 3; round += 1) {
    await all((state) => state === 'connected');
    await proxy.kill();
    await all((state) => state !== 'connected');
    await proxy.start();
  }
  await all((state) => state === 'connected');
}

describe.skipIf(proxies.length === 0).each(proxies)('behind %s', (name) => {
  describe.each(transports)('over %s', (_, adapter) => {
    it('a client that comes has its first message within 1 s', async () => {
      const { client } = await scene(name, adapter);
      const took = [];
      // The best of 3: a proxy that buffers is late each time, a busy machine is not.
      for (const n of upTo(3)) {
        const startedAt = performance.now();
        const room = client().channel('room');
        // Otherwise the publish, a request of its own over HTTP, may overtake the attach.
        await room.attach();
        const heard = room.once('told');
        await room.publish('told', n);
        expect((await heard).data).toBe(n);
        took.push(performance.now() - startedAt);
      }
      expect(Math.min(...took)).toBeLessThan(1_000);
    });

    it('an idle client stays for 3 s where the proxy cuts after 2 s, for it is sent a heartbeat each 500 ms', async () => {
      const { client } = await scene(name, adapter);
      const realtime = client();
      await realtime.channel('room').attach();
      const states: string[] = [];
      const stop = realtime.connection.state.subscribe((state) => states.push(state));
      await pause(timeoutMs * 1.5);
      stop();
      expect(states).toEqual(['connected']);
    });

    it('an idle client is cut after 2 s without that heartbeat', async () => {
      const { client } = await scene(name, adapter, { heartbeatMs: 60_000 });
      const realtime = client();
      await realtime.channel('room').attach();
      const startedAt = performance.now();
      await until(realtime.connection.state, (state) => state !== 'connected');
      expect(performance.now() - startedAt).toBeGreaterThan(timeoutMs * 0.9);
    });

    it('nothing is lost or comes twice while the proxy is killed and started 3 times', async () => {
      const { client, proxy } = await scene(name, adapter);
      const [sender, ...listeners] = [client(), client(), client()] as const;
      const gaps: unknown[] = [];
      const logs = await Promise.all(
        listeners.map(async (listener) => {
          const room = listener.channel('room');
          const heard: unknown[] = [];
          room.on('told', (n) => heard.push(n));
          room.onGap((gap) => gaps.push(gap));
          const end = room.once('end');
          await room.attach();
          return { heard, end };
        }),
      );

      let isRestarting = true;
      const restarted = restart(proxy, [sender, ...listeners]).finally(
        () => (isRestarting = false),
      );
      const receipts: Promise<unknown>[] = [];
      for (let n = 1; isRestarting || n <= scale(300, 3_000); n += 1) {
        receipts.push(sender.channel('room').publish('told', n));
        await pause(1);
      }
      await restarted;
      await Promise.all(receipts);
      await sender.channel('room').publish('end', 0);
      await Promise.all(logs.map(({ end }) => end));
      for (const { heard } of logs) expect(heard).toEqual(upTo(receipts.length));
      expect(gaps).toEqual([]);
    });

    it('the server sees the address of the client, and not the one that it forged', async () => {
      const seen: unknown[] = [];
      const { client } = await scene(name, adapter, {
        authenticate({ request }) {
          seen.push(request?.headers['x-forwarded-for'], request?.headers['x-forwarded-proto']);
          return {};
        },
      });
      await client().connection.connect();
      expect(seen.slice(0, 2)).toEqual(['127.0.0.1', 'https']);
      expect(seen).not.toContain(forged);
    });
  });
});

describe.runIf(proxies.includes('nginx'))('an event stream behind an nginx that buffers', () => {
  const buffers = ['proxy_buffering off;', ''] as const;

  /** What has come of a new client's stream within 1 s. */
  async function firstSecond(replace: ProxySettings['replace']): Promise<string> {
    const { proxy } = await scene(
      'nginx',
      (port) => ws({ url: `wss://localhost:${port}` }),
      {},
      replace,
    );
    const dispatcher = new Agent({ connect: { ca: keys.cert, family: 4 } });
    closers.push(() => dispatcher.destroy());
    const signal = AbortSignal.timeout(1_000);
    let came = '';
    try {
      const { status, body } = await fetch(`https://localhost:${proxy.port}/anywire/sse`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-ndjson', Accept: 'text/event-stream' },
        body: JSON.stringify({ t: 'connect', r: 0, nonce: 'nonce-of-tests', instance: 'tab' }),
        dispatcher,
        signal,
      });
      came += `${status} `;
      const decoder = new TextDecoder();
      for await (const chunk of body ?? []) came += decoder.decode(chunk as Uint8Array);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return came;
  }

  it('arrives at once, for the server asks nginx for it with X-Accel-Buffering', async () => {
    expect(await firstSecond([buffers])).toMatch(/^200 [^]*event: session[^]*"t":"connected"/);
  });

  it('does not arrive in 1 s where that header is ignored, not even its head', async () => {
    const ignored = 'proxy_ignore_headers X-Accel-Buffering;';
    expect(await firstSecond([[buffers[0], ignored]])).toBe('');
  });
});
