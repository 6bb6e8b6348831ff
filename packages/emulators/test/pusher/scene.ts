/** An emulated Pusher with the vendor's own libraries: pusher-js as clients, `pusher` as the app's backend. */
import { createHmac } from 'node:crypto';
import PusherSdk from 'pusher';
import PusherJs, { type Options } from 'pusher-js';
import { afterAll, afterEach } from 'vitest';
import { startPusher, type PusherServer, type PusherServerOptions } from '../../src/index.ts';
import { next, subscribe, type Client } from './listening.ts';

export * from './listening.ts';

export const app = { id: '1', key: 'key', secret: 'secret' };
const encryptionMasterKeyBase64 = Buffer.alloc(32, 7).toString('base64');
// Which of the two a CommonJS package becomes depends on who loads it.
export const Pusher = ((PusherJs as { default?: unknown }).default ?? PusherJs) as typeof PusherJs;

type Handler = NonNullable<
  NonNullable<Options['channelAuthorization']> & { customHandler: unknown }
>;

export interface Scene {
  readonly service: PusherServer;
  readonly sdk: PusherSdk;
  /** A client that signs by the library; `user` is its id in presence channels, and when it signs in. */
  client(
    options?: Partial<Options> & {
      readonly user?: string;
      readonly info?: unknown;
      readonly watchlist?: string[];
      readonly key?: string;
    },
  ): Client;
  /** A request to the HTTP API, signed here by hand; `change` spoils it. */
  http(
    method: string,
    path: string,
    body?: string,
    change?: (query: URLSearchParams) => void,
  ): Promise<{ readonly status: number; readonly text: string }>;
}

const ends: (() => unknown)[] = [];

/** pusher-js leaves timers of up to minutes behind for each connection that the service ended for good: taken away here. */
const vendorTimers: NodeJS.Timeout[] = [];
const plain = globalThis.setTimeout;
const noted = (task: () => void, ms = 0): NodeJS.Timeout => {
  const timer = plain(task, ms);
  if (ms >= 1_000) vendorTimers.push(timer);
  return timer;
};
globalThis.setTimeout = Object.assign(noted, plain);
afterAll(async () => {
  // They are made once the last close has come.
  await new Promise((resolve) => plain(resolve, 50));
  for (const timer of vendorTimers.splice(0)) clearTimeout(timer);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
export const atEnd = (end: () => unknown): void => void ends.push(end);

export async function openScene(options: Partial<PusherServerOptions> = {}): Promise<Scene> {
  const service = await startPusher({ apps: [app], ...options });
  atEnd(async () => {
    // A socket that the service cuts in the middle of its goodbye waits for 30 s in Node's build of pusher-js.
    while (service.connections().length > 0) await new Promise((resolve) => setImmediate(resolve));
    await service.close();
  });
  const { host, port } = service;
  const sdk = new PusherSdk({
    ...{ appId: app.id, key: app.key, secret: app.secret, encryptionMasterKeyBase64 },
    ...{ host, port: String(port), useTLS: false },
  });
  return {
    service,
    sdk,
    client({ user, info = {}, watchlist, key = app.key, ...more } = {}) {
      const customHandler = (({ socketId, channelName }, answer) => {
        const member = { user_id: user ?? '', user_info: info as object };
        const isPresence = channelName.startsWith('presence-');
        const signed = sdk.authorizeChannel(socketId, channelName, isPresence ? member : undefined);
        // Answered at once, an error would come before anybody can listen.
        setImmediate(() => answer(null, signed));
      }) as Handler['customHandler'] &
        ((
          params: { socketId: string; channelName: string },
          answer: (error: Error | null, data: unknown) => void,
        ) => void);
      const client = new Pusher(key, {
        ...{ cluster: '', wsHost: host, wsPort: port, forceTLS: false, enabledTransports: ['ws'] },
        channelAuthorization: { customHandler } as never,
        userAuthentication: {
          customHandler: (
            { socketId }: { socketId: string },
            answer: (error: Error | null, data: unknown) => void,
          ) =>
            setImmediate(() =>
              answer(
                null,
                sdk.authenticateUser(socketId, { id: user ?? '', ...(watchlist && { watchlist }) }),
              ),
            ),
        } as never,
        ...more,
      });
      atEnd(() => {
        client.disconnect();
        // It may wait for its own retry all the same.
        client.connection.connect = () => {};
      });
      return client;
    },
    async http(method, path, body, change = () => {}) {
      const { createHash } = await import('node:crypto');
      const [name = '', search = ''] = path.split('?');
      const query = new URLSearchParams(search);
      query.set('auth_key', app.key);
      query.set('auth_timestamp', String(Math.floor(Date.now() / 1_000)));
      query.set('auth_version', '1.0');
      if (body !== undefined) query.set('body_md5', createHash('md5').update(body).digest('hex'));
      const text = [...query]
        .map(([key, value]) => [key.toLowerCase(), value] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `${key}=${value}`)
        .join('&');
      const full = `/apps/${app.id}${name}`;
      query.set(
        'auth_signature',
        createHmac('sha256', app.secret).update(`${method}\n${full}\n${text}`).digest('hex'),
      );
      change(query);
      const response = await fetch(`${service.url}${full}?${query.toString()}`, {
        method,
        ...(body !== undefined && { body }),
      });
      return { status: response.status, text: await response.text() };
    },
  };
}

/** What was sent before this has been heard: a message of our own makes the round. */
export async function settled({ sdk }: Scene, client: Client): Promise<void> {
  const name = `settled-${Math.random().toString(36).slice(2)}`;
  const channel = await subscribe(client, name);
  const heard = next(channel, 'settled');
  await sdk.trigger(name, 'settled', {});
  await heard;
  client.unsubscribe(name);
}
