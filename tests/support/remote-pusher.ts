/**
 * An emulated Pusher for pages, and beside it what a page cannot do itself: sign, trigger, break connections.
 *
 * `POST /auth`, `/user-auth`: as pusher-js asks by its own request; a user id in the query, `?refuse` answers 403.
 * `POST /trigger`, `/send-to-user`: `[channels or user, event, data]`. `POST /do`: `[control, ...arguments]`.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startPusher } from '@anywire/emulators/pusher';
import Pusher from 'pusher';

const app = { id: '1', key: 'key', secret: 'secret' };

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Two ports: of the service, and of what serves the tests. */
export async function startRemotePusher(): Promise<{ readonly pusher: number; remote: number }> {
  const service = await startPusher({ apps: [app] });
  const sdk = new Pusher({
    ...{ appId: app.id, key: app.key, secret: app.secret },
    ...{ host: service.host, port: String(service.port), useTLS: false },
    encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString('base64'),
  });

  async function answer({ pathname, searchParams }: URL, body: string): Promise<unknown> {
    const user = searchParams.get('user') ?? '';
    if (pathname.endsWith('auth')) {
      const form = new URLSearchParams(body);
      const [socketId, name] = [form.get('socket_id') ?? '', form.get('channel_name') ?? ''];
      if (pathname === '/user-auth') {
        const watchlist = searchParams.getAll('watch');
        return sdk.authenticateUser(socketId, { id: user, watchlist });
      }
      const member = name.startsWith('presence-') ? { user_id: user } : undefined;
      return sdk.authorizeChannel(socketId, name, member);
    }
    const [first, ...rest] = JSON.parse(body) as [never, never, never];
    if (pathname === '/trigger') await sdk.trigger(first, ...rest);
    else if (pathname === '/send-to-user') await sdk.sendToUser(first, ...rest);
    else return (service[first] as (...given: unknown[]) => unknown)(...rest) ?? null;
    return null;
  }

  const remote = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const url = new URL(request.url ?? '', 'http://remote');
    if (url.searchParams.has('refuse')) return response.writeHead(403).end('no');
    return void textOf(request)
      .then((body) => answer(url, body))
      .then((found) => response.end(JSON.stringify(found)))
      .catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  return { pusher: service.port, remote: (remote.address() as AddressInfo).port };
}
