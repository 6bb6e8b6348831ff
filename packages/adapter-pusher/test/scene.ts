/**
 * The emulator of Pusher, the real `pusher-js` behind a fault proxy, and clients of it. No backend: the `auth` of a client signs,
 * as an app's own server would.
 */
import { createRealtime, type Auth, type Realtime, type RealtimeOptions } from '@anywire/core';
import {
  startPusher,
  type PusherServer,
  type PusherServerOptions,
} from '@anywire/emulators/pusher';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import PusherSdk from 'pusher';
import PusherClient from 'pusher-js';
import { pusher, type KeyOptions, type PusherLike } from '../src/index.ts';
import { remoteName, type Kind } from '../src/names.ts';

export const app = { id: '1', key: 'key', secret: 'secret' };

export interface Scene {
  readonly service: PusherServer;
  readonly proxy: FaultProxy;
  /** The vendor's library for backends. */
  readonly sdk: PusherSdk;
  /** What pusher-js needs to get here through the proxy. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the `auth` of an app answers. */
  sign(kind?: Kind): Auth;
  /** With a client of the adapter's own. */
  client(options?: Partial<RealtimeOptions>, adapter?: Partial<KeyOptions>): Realtime;
  /** With `library`, a client of the app's. */
  sharing(library: PusherLike, options?: Partial<RealtimeOptions>): Realtime;
  /** A client of the app's; it signs by itself. Disconnected at the end. */
  library(): PusherClient;
  close(): Promise<void>;
}

export async function startScene(more: Partial<PusherServerOptions> = {}): Promise<Scene> {
  const service = await startPusher({ apps: [app], ...more });
  const { host, port } = service;
  const proxy = await startFaultProxy({ target: { port } });
  const sdk = new PusherSdk({
    ...{ appId: app.id, key: app.key, secret: app.secret },
    ...{ host, port: String(port), useTLS: false },
    encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString('base64'),
  });
  const options = {
    ...{ wsHost: '127.0.0.1', wsPort: proxy.port, forceTLS: false },
    ...{ activityTimeout: 400, pongTimeout: 300 },
  };
  const realtimes = new Set<Realtime>();
  const libraries = new Set<PusherClient>();
  const sign =
    (kind: Kind = 'private'): Auth =>
    ({ channel, connectionRef = '' }) => {
      if (channel === undefined) return {};
      return { detail: sdk.authorizeChannel(connectionRef, remoteName(channel, kind)) };
    };
  const made = (given: RealtimeOptions): Realtime => {
    const realtime = createRealtime({
      ...{ auth: sign(), reconnectMinMs: 20, reconnectMaxMs: 100, log: () => {} },
      ...given,
    });
    realtimes.add(realtime);
    return realtime;
  };
  return {
    service,
    proxy,
    sdk,
    options,
    sign,
    client: (given, adapter) =>
      made({ adapter: pusher({ key: app.key, options, ...adapter }), ...given }),
    sharing: (client, given) => made({ adapter: pusher({ client }), ...given }),
    library() {
      const client = new PusherClient(app.key, {
        cluster: '',
        ...options,
        enabledTransports: ['ws'],
        channelAuthorization: {
          customHandler: ({ socketId, channelName }, answer) =>
            queueMicrotask(() => answer(null, sdk.authorizeChannel(socketId, channelName))),
        },
      });
      libraries.add(client);
      return client;
    },
    async close() {
      for (const realtime of realtimes) await realtime.close();
      for (const library of libraries) library.disconnect();
      await proxy.close();
      await service.close();
    },
  };
}
