/**
 * The whole contract over clients of the app's, which sign in by themselves: the adapter may not close them.
 *
 * @see tests/support/ably-backend.ts
 */
import type { Adapter, Credentials } from '@anywire/core';
import { describeAdapter, type ConformanceClient } from '@anywire/testkit';
import Ably from 'ably';
import { afterEach } from 'vitest';
import { ablyHarness, clientOptions, key, useAbly } from '../../../tests/support/ably-backend.ts';
import { ably } from '../src/index.ts';

useAbly();

const libraries = new Set<Ably.Realtime>();
afterEach(() => {
  for (const library of libraries) library.close();
  libraries.clear();
});

/** Made when it is first needed: a client of Ably's connects at once. */
function sharing(client: ConformanceClient): Adapter {
  const { clientId } = client;
  const made = (): Adapter => {
    const library = new Ably.Realtime({
      ...{ key, ...clientOptions(client), logHandler: () => {} },
      ...(clientId !== undefined && { clientId }),
    });
    libraries.add(library);
    return ably({ client: library, publishesPerSecond: 100 });
  };
  const authorize = async (): Promise<Credentials> => ({});
  return { ...shape, open: (link, resume) => made().open({ ...link, authorize }, resume) };
}

const shape = ably({ client: {} as never, publishesPerSecond: 100 });

describeAdapter('ably with a client of the app', {
  ...ablyHarness({ adapter: sharing, capabilities: shape.capabilities, leftOut: 29 }),
  credentials: 'the client of the app signs in by itself',
});
