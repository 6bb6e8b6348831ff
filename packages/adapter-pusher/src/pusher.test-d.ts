/** What `pusher()` takes. Under `nodenext`, too, where the declarations of pusher-js cannot be constructed. */
import type PusherClient from 'pusher-js';
import { describe, expectTypeOf, it } from 'vitest';
import { pusher, type PusherClass, type PusherLike } from './index.ts';

// A client and a class of pusher-js fit as they are.
type Given = typeof PusherClient extends { default: infer Inner } ? Inner : typeof PusherClient;
declare const Library: Given;
declare const client: Given extends new (...options: never) => infer Client ? Client : never;

describe('pusher()', () => {
  it('takes a key, and what goes with it', () => {
    pusher({ key: 'k', cluster: 'eu' });
    pusher({ key: 'k', cluster: 'eu', backend: '/realtime', store: true });
    pusher({ key: 'k', backend: { url: '/realtime', headers: { 'x-app': '1' } }, quietMs: 0 });
    pusher({ key: 'k', options: { wsHost: 'localhost', wsPort: 6001, forceTLS: false } });
  });

  it('takes a client and a class of pusher-js as they are', () => {
    pusher({ client });
    pusher({ key: 'k', Pusher: Library });
    expectTypeOf(client).toExtend<PusherLike>();
    expectTypeOf(Library).toExtend<PusherClass>();
  });

  it('refuses what could not work', () => {
    // @ts-expect-error neither a key nor a client
    pusher({ cluster: 'eu' });
    // @ts-expect-error no such way
    pusher({ key: 'k', publish: 'socket' });
    // @ts-expect-error a client of pusher-js, not its key
    pusher({ client: 'k' });
  });
});
