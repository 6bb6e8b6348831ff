/** Every backend that the chat can be configured for, by name: how its code is loaded, and what it is given. */
import type { Credentials } from '@anywire/core';
import type { Backend } from './backend.ts';
import { fetchToken, type Profile } from './profile.ts';

/** Where the backend is, and who we are. */
interface Given {
  readonly url: string;
  readonly me: Profile;
}

/** Our own server asks for a token of the chat's server. */
const auth =
  (me: Profile): NonNullable<Backend['auth']> =>
  ({ signal }) =>
    fetchToken(me, signal);

/** A server that asks for no token: it believes who we are. */
const claimed =
  ({ id: clientId, name }: Profile): NonNullable<Backend['auth']> =>
  () => ({ clientId, detail: { name } });

export const backends: ReadonlyMap<string, (given: Given) => Promise<Backend>> = new Map<
  string,
  (given: Given) => Promise<Backend>
>([
  // --- our own server ---
  [
    'ws',
    async ({ url, me }: Given) => {
      const { ws } = await import('@anywire/adapter-ws');
      return { adapter: ws({ url: url.replace(/^http/, 'ws') }), auth: auth(me) };
    },
  ],
  [
    'sse',
    async ({ url, me }: Given) => {
      const { sse } = await import('@anywire/adapter-sse');
      return { adapter: sse({ url }), auth: auth(me) };
    },
  ],
  [
    'socketio',
    async ({ url, me }: Given) => {
      const { socketio } = await import('@anywire/adapter-socketio');
      return { adapter: socketio({ url }), auth: auth(me) };
    },
  ],
  // --- a managed service, with the chat's server as its backend ---
  [
    'pusher',
    async ({ url, me }: Given) => {
      const { pusher } = await import('@anywire/adapter-pusher');
      const { hostname: wsHost, port, protocol, searchParams } = new URL(url);
      const forceTLS = /^(https|wss):$/u.test(protocol);
      const at = port === '' ? {} : { wsPort: Number(port), wssPort: Number(port) };
      const adapter = pusher({
        key: searchParams.get('key') ?? '',
        backend: '/realtime', // as in server/managed.ts
        store: searchParams.get('store') !== 'no',
        options: { wsHost, forceTLS, ...at },
      });
      return { adapter, auth: auth(me) };
    },
  ],
  [
    'ably',
    async ({ url, me }: Given) => {
      const { ably } = await import('@anywire/adapter-ably');
      const { hostname: endpoint, port, protocol } = new URL(url);
      const tls = /^(https|wss):$/u.test(protocol);
      const at = port === '' ? {} : { port: Number(port), tlsPort: Number(port) };
      return {
        adapter: ably({ options: { endpoint, tls, ...at } }),
        async auth({ signal }) {
          const { token } = await fetchToken(me, signal);
          const headers = { authorization: `Bearer ${token}` };
          const response = await fetch('/ably-token', { headers, signal }); // as in server/ably-token.ts
          return { detail: await response.json() };
        },
      };
    },
  ],
  [
    'supabase',
    async ({ url, me }: Given) => {
      const { supabase } = await import('@anywire/adapter-supabase');
      const { origin, searchParams } = new URL(url);
      return {
        adapter: supabase({ url: origin, key: searchParams.get('key') ?? '' }),
        async auth({ signal }) {
          const { token } = await fetchToken(me, signal);
          const headers = { authorization: `Bearer ${token}` };
          const response = await fetch('/supabase-token', { headers, signal }); // as in server/supabase-token.ts
          return (await response.json()) as Credentials;
        },
      };
    },
  ],
  // --- servers that know nothing of us, each by its dialect ---
  [
    'tutorial-rooms',
    async ({ url, me }: Given) => {
      const { socketio } = await import('@anywire/adapter-socketio');
      const { tutorialRooms } = await import('../../existing-servers/dialects/tutorial-rooms.ts');
      // The user name is all that this server knows of a person.
      return { adapter: socketio({ url, dialect: tutorialRooms }), clientId: me.name };
    },
  ],
  [
    'room-events',
    async ({ url, me }: Given) => {
      const { socketio } = await import('@anywire/adapter-socketio');
      const { roomEvents } = await import('../../existing-servers/dialects/room-events.ts');
      return { adapter: socketio({ url, dialect: roomEvents({ url }) }), auth: claimed(me) };
    },
  ],
  [
    'one-room',
    async ({ url, me }: Given) => {
      const { socketio } = await import('@anywire/adapter-socketio');
      const { oneRoom } = await import('../../existing-servers/dialects/one-room.ts');
      return { adapter: socketio({ url, dialect: oneRoom }), auth: claimed(me) };
    },
  ],
  [
    'notifications',
    async ({ url, me }: Given) => {
      const { socketio } = await import('@anywire/adapter-socketio');
      const { notifications } = await import('../../existing-servers/dialects/notifications.ts');
      // It checks the chat's own tokens: start both with the same secret.
      return { adapter: socketio({ url, dialect: notifications }), auth: auth(me) };
    },
  ],
  [
    'raw-ws',
    async ({ url, me }: Given) => {
      const { ws } = await import('@anywire/adapter-ws');
      const { rawWs } = await import('../../existing-servers/dialects/raw-ws.ts');
      return { adapter: ws({ url, dialect: rawWs }), auth: claimed(me) };
    },
  ],
]);
