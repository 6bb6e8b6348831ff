/**
 * Pusher with client events alone: no backend but what signs channels, as the app's `auth` would ask for.
 *
 * @see tests/support/pusher-backend.ts
 */
import type { Adapter, Credentials } from '@anywire/core';
import { describeAdapter, type ConformanceClient } from '@anywire/testkit';
import {
  app,
  clientOptions,
  pusherHarness,
  serverLibrary,
  usePusher,
} from '../../../tests/support/pusher-backend.ts';
import { pusher } from '../src/index.ts';
import { remoteName } from '../src/names.ts';

usePusher();

/** What an app's `auth` does: it asks its own server, which signs. */
function signing(adapter: Adapter, { clientId }: ConformanceClient): Adapter {
  return {
    ...adapter,
    open: (link, resume) =>
      adapter.open(
        {
          ...link,
          async authorize({ channel, connectionRef = '' }): Promise<Credentials> {
            if (channel === undefined) return clientId === undefined ? {} : { clientId };
            const remote = remoteName(channel, 'private');
            return { detail: serverLibrary().authorizeChannel(connectionRef, remote) };
          },
        },
        resume,
      ),
  };
}

const make = (client?: ConformanceClient): Adapter =>
  pusher({
    key: app.key,
    // A case sends more in a second than a person.
    clientEventsPerSecond: 60,
    ...(client && { options: clientOptions(client) }),
  });

describeAdapter(
  'pusher with client events',
  pusherHarness({
    adapter: (client) => signing(make(client), client),
    capabilities: make().capabilities,
    leftOut: 84,
    credentials: 'the service knows no tokens: who signs a channel says who a client is',
  }),
);
