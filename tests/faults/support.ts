/**
 * A real server behind fault proxies, one for each client, and a little waiting. For the tests of this folder.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Realtime, type Store } from '@anywire/core';
import { createServer, type ServerOptions } from '@anywire/server';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';

/** A client, and the proxy that is its network. */
export interface FaultyClient {
  readonly realtime: Realtime;
  readonly proxy: FaultProxy;
}

export interface FaultyServer {
  readonly clients: readonly FaultyClient[];
  close(): Promise<void>;
}

/** Starts a server and `count` clients that reconnect within 50 ms. */
export async function startFaulty(
  count: number,
  options: ServerOptions,
  random: () => number,
): Promise<FaultyServer> {
  const http = createHttpServer();
  const server = createServer({ log: () => {}, ...options });
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const clients = await Promise.all(
    Array.from({ length: count }, async (): Promise<FaultyClient> => {
      const proxy = await startFaultProxy({ target: { port } });
      const url = `ws://127.0.0.1:${proxy.port}/anywire`;
      const realtime = createRealtime({
        adapter: ws({ url }),
        random,
        reconnectMinMs: 10,
        reconnectMaxMs: 50,
        log: () => {},
      });
      return { realtime, proxy };
    }),
  );
  return {
    clients,
    async close() {
      for (const { realtime } of clients) await realtime.close();
      await server.close({ deadlineMs: 0 });
      for (const { proxy } of clients) await proxy.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Resolves with the first value, the current one included, that passes `test`. */
export function until<Value>(
  store: Pick<Store<Value>, 'subscribe'>,
  test: (value: Value) => boolean,
): Promise<Value> {
  return new Promise((resolve) => {
    const stop = store.subscribe((value) => {
      if (!test(value)) return;
      queueMicrotask(() => stop()); // the first call comes before `stop` is there
      resolve(value);
    });
  });
}
