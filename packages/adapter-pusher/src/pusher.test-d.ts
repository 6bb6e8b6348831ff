/** What `pusher()` takes. Under `nodenext`, too, where the declarations of pusher-js cannot be constructed. */
import type PusherClient from 'pusher-js';
import { pusher, type PusherClass, type PusherLike } from './index.ts';

// --- good ---
pusher({ key: 'k', cluster: 'eu' });
pusher({ key: 'k', cluster: 'eu', backend: '/realtime', store: true });
pusher({ key: 'k', backend: { url: '/realtime', headers: { 'x-app': '1' } }, quietMs: 0 });
pusher({ key: 'k', options: { wsHost: 'localhost', wsPort: 6001, forceTLS: false } });

// A client and a class of pusher-js fit as they are.
type Given = typeof PusherClient extends { default: infer Inner } ? Inner : typeof PusherClient;
declare const Library: Given;
declare const client: Given extends new (...options: never) => infer Client ? Client : never;
pusher({ client });
pusher({ key: 'k', Pusher: Library });
export const fits: PusherLike = client;
export const classFits: PusherClass = Library;

// --- bad ---
// @ts-expect-error neither a key nor a client
pusher({ cluster: 'eu' });
// @ts-expect-error no such way
pusher({ key: 'k', publish: 'socket' });
// @ts-expect-error a client of pusher-js, not its key
pusher({ client: 'k' });
