/**
 * The whole of it for one test: an emulated Pusher, an app's backend in front of it, and clients.
 *
 * @see pusher.faults.test.ts · traps.faults.test.ts
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBackend, type Backend, type BackendOptions } from '@anywire/backend';
import { toNodeListener } from '@anywire/backend/node';
import { pusher as pusherProvider } from '@anywire/backend/pusher';
import { createRealtime, type Realtime, type RealtimeOptions } from '@anywire/core';
import {
  startPusher,
  type PusherServer,
  type PusherServerOptions,
} from '@anywire/emulators/pusher';
import { afterEach } from 'vitest';
import { pusher, type KeyOptions } from '../src/index.ts';

export const app = { id: '1', key: 'key', secret: 'secret' };
const encryptionMasterKeyBase64 = Buffer.alloc(32, 7).toString('base64');

export interface Scene {
  readonly service: PusherServer;
  readonly backend: Backend;
  /** Where the backend is. */
  readonly url: string;
  /** Looks at each request to the backend; a promise holds it back. */
  before: (request: IncomingMessage) => Promise<void> | void;
  client(name?: string, options?: Partial<KeyOptions>, more?: Partial<RealtimeOptions>): Realtime;
  /** Of pusher-js, for clients of this scene. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface SceneOptions {
  readonly service?: Partial<PusherServerOptions>;
  readonly backend?: Partial<BackendOptions>;
  /** In place of the real one: signatures are wrong then. */
  readonly secret?: string;
}

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs after the test, before what was begun earlier ends. */
export const atEnd = (end: () => unknown): void => void ends.push(end);

export async function openScene({
  service: asked,
  backend: given,
  secret,
}: SceneOptions = {}): Promise<Scene> {
  const service = await startPusher({ apps: [app], ...asked });
  atEnd(() => service.close());
  const { host, port } = service;
  const backend = createBackend({
    provider: pusherProvider({
      ...{ appId: app.id, key: app.key, secret: secret ?? app.secret, encryptionMasterKeyBase64 },
      ...{ host, port, useTLS: false },
    }),
    log: () => {},
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    ...given,
  });
  const listener = toNodeListener(backend);
  const http = createServer((request, response) => {
    void Promise.resolve(scene.before(request)).then(() => listener(request, response));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    await backend.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
  const options = { wsHost: host, wsPort: port, forceTLS: false };
  const scene: Scene = {
    ...{ service, backend, url, options, before: () => {} },
    client(name = 'ann', more = {}, settings = {}) {
      const realtime = createRealtime({
        adapter: pusher({ key: app.key, backend: url, options, ...more }),
        auth: () => ({ token: name, clientId: name }),
        ...{ reconnectMinMs: 20, reconnectMaxMs: 200 },
        ...settings,
      });
      atEnd(() => realtime.close());
      return realtime;
    },
  };
  return scene;
}
