/**
 * Pusher with client events, over clients of the app's: each signs its channels itself, and its own loop reconnects it.
 *
 * @see tests/support/pusher-backend.ts
 */
import type { Adapter, Credentials } from '@anywire/core';
import { describeAdapter, type ConformanceClient } from '@anywire/testkit';
import PusherClient from 'pusher-js';
import { afterEach } from 'vitest';
import {
  app,
  clientOptions,
  pusherHarness,
  serverLibrary,
  usePusher,
} from '../../../tests/support/pusher-backend.ts';
import { pusher } from '../src/index.ts';

usePusher();

const libraries = new Set<PusherClient>();
afterEach(() => {
  // The adapter may not.
  for (const library of libraries) library.disconnect();
  libraries.clear();
});

/** Made when it is first needed: a client of pusher-js connects at once. */
function sharing(client: ConformanceClient): Adapter {
  const made = (): Adapter => {
    const library = new PusherClient(app.key, {
      cluster: '',
      enabledTransports: ['ws'],
      ...clientOptions(client),
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, answer) =>
          queueMicrotask(() =>
            answer(null, serverLibrary().authorizeChannel(socketId, channelName)),
          ),
      },
    });
    libraries.add(library);
    return pusher({ client: library, clientEventsPerSecond: 60 });
  };
  const { clientId } = client;
  const authorize = async (): Promise<Credentials> => (clientId === undefined ? {} : { clientId });
  return { ...shape, open: (link, resume) => made().open({ ...link, authorize }, resume) };
}

const shape = pusher({ client: {} as never, clientEventsPerSecond: 60 });

describeAdapter(
  'pusher with a client of the app',
  pusherHarness({
    adapter: sharing,
    capabilities: shape.capabilities,
    leftOut: 89,
    credentials: 'the service knows no tokens: who signs a channel says who a client is',
    faults: {
      refuse: 'a client of the app tries again after 15 s by its own loop',
    },
  }),
);
