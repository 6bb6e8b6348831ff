/** An emulated Ably with the vendor's own clients. */
import Ably from 'ably';
import { afterEach } from 'vitest';
import { startAbly, type AblyServer, type AblyServerOptions } from '../../src/ably/index.ts';

export const key = 'app.key:secret';
export const formats = [
  ['JSON', false],
  ['MessagePack', true],
] as const;

export interface Scene {
  readonly service: AblyServer;
  client(options?: object): Ably.Realtime;
  rest(options?: object): Ably.Rest;
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export async function openScene(
  useBinaryProtocol: boolean,
  options: Partial<AblyServerOptions> = {},
): Promise<Scene> {
  const service = await startAbly({ keys: [key], ...options });
  ends.push(() => service.close());
  const common = (given: object): Ably.ClientOptions => ({
    ...('token' in given || 'authCallback' in given ? {} : { key }),
    ...{ endpoint: '127.0.0.1', port: service.port, tls: false, useBinaryProtocol },
    ...{ disconnectedRetryTimeout: 20, channelRetryTimeout: 20, logHandler: () => {} },
    ...given,
  });
  return {
    service,
    client(given = {}) {
      const client = new Ably.Realtime(common(given));
      ends.push(async () => {
        client.close();
        // It says goodbye first, and waits for the answer.
        if (client.connection.state !== 'failed') await client.connection.whenState('closed');
      });
      return client;
    },
    rest: (given = {}) => new Ably.Rest(common(given)),
  };
}

/** What a channel or a connection tells. */
export interface Change {
  readonly current: string;
  readonly resumed?: boolean;
  readonly reason?: { readonly code: number };
}

/** The next change to this state, or of this kind. */
export const next = (
  emitter: { once(event: never, listener: (change: never) => void): unknown },
  event: string,
): Promise<Change> => new Promise((resolve) => void emitter.once(event as never, resolve));

/** The code that something is refused with. */
export const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code: number }) => error.code,
  );

let count = 0;

/** What was sent to this client before has arrived. Its own ping leaves a timer of 10 s behind. */
export const settled = (client: Ably.Realtime): Promise<unknown> =>
  client.channels.get(`settled-${(count += 1)}`).attach();
