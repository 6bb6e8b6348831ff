/**
 * An app that knows only the vendor's addresses, in a process of its own: what `msw` puts in the place of sockets is never given back.
 * Prints what it saw, as JSON.
 *
 * @see msw.conformance.test.ts
 */
import { createRequire } from 'node:module';
import { setupServer } from 'msw/node';
import PusherSdk from 'pusher';
import type PusherJs from 'pusher-js';
import { pusherHandlers } from '../../src/msw/index.ts';

const app = { id: '1', key: 'key', secret: 'secret' };
const pusher = pusherHandlers({ apps: [app] });
setupServer(...pusher.handlers).listen();
const sdk = new PusherSdk({
  appId: app.id,
  key: app.key,
  secret: app.secret,
  cluster: 'eu',
  useTLS: true,
});

// The build for workers uses the global WebSocket, as a page does; the one for Node brings its own, which nobody can intercept.
Object.assign(globalThis, { self: globalThis });
const Pusher = createRequire(import.meta.url)('pusher-js/worker') as typeof PusherJs;
const client = new Pusher(app.key, {
  cluster: 'eu',
  enabledTransports: ['ws', 'wss'],
  channelAuthorization: {
    customHandler: (
      { socketId, channelName }: { socketId: string; channelName: string },
      answer: (error: null, data: unknown) => void,
    ) => setImmediate(() => answer(null, sdk.authorizeChannel(socketId, channelName))),
  } as never,
});
const next = (
  emitter: { bind(event: string, fn: (data: unknown) => void): unknown },
  event: string,
): Promise<unknown> => new Promise((resolve) => emitter.bind(event, resolve));

const channel = client.subscribe('private-room');
await next(channel, 'pusher:subscription_succeeded');
const heard = next(channel, 'news');
const { status } = await sdk.trigger('private-room', 'news', { n: 1 });
const news = await heard;
const lost = next(client.connection, 'connecting_in');
const dropped = pusher.drop();
await lost;
await next(channel, 'pusher:subscription_succeeded');
pusher.failHttp(1, 503);
const failed = await sdk.trigger('room', 'e', 1).then(
  () => 'sent',
  (error: { status: number }) => error.status,
);
process.stdout.write(JSON.stringify({ status, news, dropped, failed }));
process.exit(0);
