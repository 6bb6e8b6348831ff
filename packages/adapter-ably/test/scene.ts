/** The emulator of Ably, the real client behind a fault proxy, and clients of it. */
import { createRealtime, type Realtime, type RealtimeOptions } from '@anywire/core';
import { startAbly, type AblyServer, type AblyServerOptions } from '@anywire/emulators/ably';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import Ably from 'ably';
import { ably, type OwnOptions } from '../src/index.ts';

export const key = 'app.key:secret';

export interface Scene {
  readonly service: AblyServer;
  readonly proxy: FaultProxy;
  /** What Ably's client needs to get here through the proxy. */
  readonly options: Readonly<Record<string, unknown>>;
  /** With a client of the adapter's own. */
  client(options?: Partial<RealtimeOptions>, adapter?: Partial<OwnOptions>): Realtime;
  /** With a client of the app's. */
  sharing(client: Ably.Realtime, options?: Partial<RealtimeOptions>): Realtime;
  /** A client of the app's. Closed at the end. */
  library(options?: object): Ably.Realtime;
  close(): Promise<void>;
}

export async function startScene(more: Partial<AblyServerOptions> = {}): Promise<Scene> {
  const service = await startAbly({
    keys: [key],
    ...more,
    limits: { publishPerSecond: 100_000, ...more.limits },
  });
  const proxy = await startFaultProxy({ target: { port: service.port } });
  const options = {
    ...{ endpoint: '127.0.0.1', port: proxy.port, tls: false, logHandler: () => {} },
    ...{ disconnectedRetryTimeout: 20, channelRetryTimeout: 50, realtimeRequestTimeout: 1_000 },
  };
  const realtimes = new Set<Realtime>();
  const libraries = new Set<Ably.Realtime>();
  const made = (given: RealtimeOptions): Realtime => {
    const realtime = createRealtime({ reconnectMinMs: 20, log: () => {}, ...given });
    realtimes.add(realtime);
    return realtime;
  };
  return {
    service,
    proxy,
    options,
    client: (given, { options: own, ...adapter } = {}) =>
      made({
        adapter: ably({
          ...(given?.auth || adapter.authUrl !== undefined ? {} : { key }),
          publishesPerSecond: 100_000,
          options: { ...options, ...own },
          ...adapter,
        }),
        ...given,
      }),
    sharing: (client, given) => made({ adapter: ably({ client }), ...given }),
    library(own = {}) {
      const client = new Ably.Realtime({ key, ...options, ...own });
      libraries.add(client);
      return client;
    },
    async close() {
      for (const realtime of realtimes) await realtime.close();
      for (const library of libraries) library.close();
      await proxy.close();
      await service.close();
    },
  };
}
