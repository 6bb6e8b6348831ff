/**
 * `@anywire/emulators/msw`: the emulated services behind the vendors' real addresses, by `msw`: an app's tests need no other
 * configuration.
 *
 * What is intercepted is the global `WebSocket`, and HTTP. `drop()` closes with 3000, for nobody may close with 1006 here;
 * pusher-js makes the same of both.
 *
 * @see README.md#in-the-place-of-the-vendor · pusher/core.ts
 * @module
 */
import { http, HttpResponse, ws, type RequestHandler, type WebSocketHandler } from 'msw';
import type { PusherControls } from './pusher/controls.ts';
import { createPusherCore } from './pusher/core.ts';
import type { PusherOptions } from './pusher/options.ts';

export interface PusherHandlers extends PusherControls {
  /** For `setupServer(...handlers)` or `setupWorker(...handlers)`. */
  readonly handlers: readonly (RequestHandler | WebSocketHandler)[];
  /** Ends every connection. */
  close(): void;
}

export interface PusherHandlerOptions extends PusherOptions {
  /** Of the intercepted addresses. @default '*': all of them */
  readonly cluster?: string;
}

/** What a page may close a socket with. */
const dropped = 3_000;

/** Handles `wss://ws-<cluster>.pusher.com/app/…` and `https://api-<cluster>.pusher.com/apps/…`. */
export function pusherHandlers({
  cluster = '*',
  ...options
}: PusherHandlerOptions): PusherHandlers {
  const core = createPusherCore(options);
  const sockets = [
    `wss://ws-${cluster}.pusher.com/app/*`,
    `ws://ws-${cluster}.pusher.com/app/*`,
  ].map((address) =>
    ws.link(address).addEventListener('connection', ({ client }) => {
      const { pathname, search, protocol } = client.url;
      const pipe = {
        send: (text: string) => client.send(text),
        close: (code: number, reason: string) =>
          client.close(code === 1006 ? dropped : code, reason),
        unsentBytes: 0,
      };
      const inlet = core.open(pipe, pathname + search, protocol === 'wss:');
      client.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') inlet.receive(data);
      });
      client.addEventListener('close', () => inlet.closed());
    }),
  );
  const requests = ['https', 'http'].flatMap((scheme) =>
    [`api-${cluster}`, 'api'].map((host) =>
      http.all(`${scheme}://${host}.pusher.com/apps/*`, async ({ request }) => {
        const { pathname, search } = new URL(request.url);
        const body = new Uint8Array(await request.arrayBuffer());
        const answer = core.http({ method: request.method, target: pathname + search, body });
        return new HttpResponse(answer.body, {
          status: answer.status,
          headers: { ...answer.headers },
        });
      }),
    ),
  );
  return { ...core.controls, handlers: [...sockets, ...requests], close: () => core.close() };
}
