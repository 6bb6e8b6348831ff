/**
 * 90 s of silence behind the reverse proxies of docs/deploy.md with the time-outs that it shows (60 s), and the server's own
 * heartbeat (25 s): nobody is cut, and nothing is lost. In the quick tier the silence lasts 1 s.
 *
 * @see proxies.faults.test.ts, which shortens the time-outs
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Adapter } from '@anywire/core';
import { createServer } from '@anywire/server';
import { EventSource } from 'eventsource';
import { describe, expect, it } from 'vitest';
import { Agent, fetch } from 'undici';
import { WebSocket } from 'ws';
import { scale } from '../tier.ts';
import { certificate, installedProxies, startProxy } from './proxy-process.ts';

const silenceMs = scale(1_000, 90_000);
const proxies = installedProxies();
const keys = proxies.length > 0 ? certificate() : { cert: '', key: '' };

class TrustingWebSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string[]) {
    super(url, protocols, { ca: keys.cert, family: 4 });
  }
}

/** Every transport, for `localhost:port`. */
function adapters(port: number, dispatcher: Agent): readonly (readonly [string, Adapter])[] {
  const trusting = ((url: string, init: RequestInit) =>
    fetch(url, { ...(init as object), dispatcher })) as unknown as typeof globalThis.fetch;
  class TrustingEventSource extends EventSource {
    constructor(url: string) {
      super(url, { fetch: trusting });
    }
  }
  const url = `https://localhost:${port}/anywire`;
  const options = { url, fetch: trusting, EventSource: TrustingEventSource };
  return [
    ['ws', ws({ url: `wss://localhost:${port}/anywire`, WebSocket: TrustingWebSocket })],
    ...(['stream', 'poll', 'auto', 'eventsource'] as const).map(
      (transport) => [transport, sse({ ...options, transport })] as const,
    ),
  ];
}

describe.skipIf(proxies.length === 0)('behind nginx and haproxy with their own time-outs', () => {
  it(
    `5 transports behind each stay connected for ${silenceMs} ms of silence, and hear what is said then`,
    { timeout: silenceMs + 30_000 },
    async () => {
      const http = createHttpServer();
      const server = createServer({ log: () => {} });
      server.attach(http);
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      const { port: serverPort } = http.address() as AddressInfo;
      const dispatcher = new Agent({ connect: { ca: keys.cert, family: 4 } });
      const running = await Promise.all(
        proxies.map((name) => startProxy(name, { serverPort, timeoutMs: 60_000 }, keys)),
      );
      const clients = await Promise.all(
        running.flatMap((proxy, at) =>
          adapters(proxy.port, dispatcher).map(async ([transport, adapter]) => {
            const realtime = createRealtime({ adapter, log: () => {} });
            const room = realtime.channel('room');
            const states: string[] = [];
            const heard: unknown[] = [];
            room.on('told', (n) => heard.push(n));
            room.onGap((gap) => heard.push(gap));
            await room.attach();
            realtime.connection.state.subscribe((state) => states.push(state));
            return { row: `${transport} behind ${proxies[at]}`, realtime, room, states, heard };
          }),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, silenceMs));
      const ends = clients.map(({ room }) => room.once('end'));
      for (const n of [1, 2, 3]) await server.publish('room', 'told', n);
      await server.publish('room', 'end', 0);
      await Promise.all(ends);
      const seen = clients.map(({ row, states, heard }) => [row, states, heard]);
      expect(seen).toEqual(clients.map(({ row }) => [row, ['connected'], [1, 2, 3]]));
      for (const { realtime } of clients) await realtime.close();
      await server.close({ deadlineMs: 0 });
      await dispatcher.destroy();
      for (const proxy of running) await proxy.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  );
});
