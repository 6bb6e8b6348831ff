/** The whole of it for one test: an emulated Ably, an app's backend in front of it, and clients of the vendor's and of ours. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ably as ablyAdapter } from '@anywire/adapter-ably';
import { createRealtime, type Realtime } from '@anywire/core';
import { startAbly, type AblyServer, type AblyServerOptions } from '@anywire/emulators/ably';
import Ably from 'ably';
import { afterEach } from 'vitest';
import { ably, type AblyProviderOptions } from '../src/ably/index.ts';
import { createBackend, type Backend, type BackendOptions, type Provider } from '../src/index.ts';
import { toNodeListener } from '../src/node.ts';

export const key = 'app.key:secret';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
/** Runs after the test, before what was begun earlier ends. */
export const atEnd = (end: () => unknown): void => void ends.push(end);

export interface Scene {
  readonly service: AblyServer;
  readonly provider: Provider;
  readonly backend: Backend;
  readonly url: string;
  /** Plain Ably, which asks the backend for tokens by itself. */
  plain(name: string, channels?: readonly string[], options?: object): Ably.Realtime;
  /** Plain Ably with a token that was made by somebody. */
  withToken(token: string): Ably.Realtime;
  /** Plain Ably with the key: it may do everything. */
  withKey(): Ably.Realtime;
  /** Anywire's client, whose `auth` asks the backend for these channels. */
  anywire(name: string, channels: readonly string[]): Realtime;
  post(path: string, body: object, name?: string): Promise<Response>;
}

export async function openScene(
  options: Partial<BackendOptions> = {},
  more: Partial<AblyProviderOptions> = {},
  emulated: Partial<AblyServerOptions> = {},
): Promise<Scene> {
  const service = await startAbly({ keys: [key], ...emulated });
  atEnd(() => service.close());
  const where = { endpoint: '127.0.0.1', port: service.port, tls: false };
  const provider = ably({ key, ...where, ...more });
  const backend = createBackend({
    ...{ provider, log: () => {} },
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    ...options,
  });
  const http = createServer((request, response) => toNodeListener(backend)(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    await backend.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
  const quiet = { ...where, logHandler: () => {}, transports: ['web_socket'] };
  const timing = { disconnectedRetryTimeout: 20, realtimeRequestTimeout: 2_000 };
  const opened = (given: object): Ably.Realtime => {
    const client = new Ably.Realtime({ ...quiet, ...timing, ...given } as Ably.ClientOptions);
    atEnd(() => client.close());
    return client;
  };
  const post = (path: string, body: object, name?: string): Promise<Response> =>
    fetch(`${url}/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(name !== undefined && { authorization: `Bearer ${name}` }),
      },
      body: JSON.stringify(body),
    });
  return {
    ...{ service, provider, backend, url, post },
    plain: (name, channels, own = {}) =>
      opened({
        authUrl: `${url}/ably/auth`,
        authHeaders: { authorization: `Bearer ${name}` },
        ...(channels && { authParams: { channels: JSON.stringify(channels) } }),
        ...own,
      }),
    withToken: (token) => opened({ token }),
    withKey: () => opened({ key }),
    anywire(name, channels) {
      const realtime = createRealtime({
        adapter: ablyAdapter({ options: { ...quiet, ...timing } }),
        auth: async () => {
          const response = await post('auth', { channels }, name);
          if (!response.ok) throw new Error(`auth answered ${response.status}`);
          return (await response.json()) as object;
        },
        ...{ reconnectMinMs: 20, log: () => {} },
      });
      atEnd(() => realtime.close());
      return realtime;
    },
  };
}
