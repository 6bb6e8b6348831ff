/**
 * The adapter: Pusher Channels, with or without a backend of the app's. Mechanism only; the policy is core's.
 *
 * @see docs/adapters/pusher.md · session.ts
 */
import type { Adapter, Link } from '@anywire/core';
import { backendClient, type BackendClient, type BackendOptions } from '@anywire/core/backend';
import { RealtimeError } from '@anywire/core/errors';
import { ceiling, narrowed, type Setup } from './capabilities.ts';
import { withClientLibrary } from './client-library.ts';
import type { PusherClass, PusherLike } from './pusher-like.ts';
import { openSession, type PusherSession } from './session.ts';

interface CommonOptions {
  /** `@anywire/backend` of the app: where it is. @default none: channels are signed by core's `auth`, as `detail` */
  readonly backend?: BackendOptions | string | URL;
  /** The backend has a store: history, rewind, and repair of what was missed. @default false */
  readonly store?: boolean;
  /** How messages get out: by the backend, which can prove it; or as client events, which cannot. @default 'backend' where there is one */
  readonly publish?: 'backend' | 'client-event';
  /** What Pusher lets one connection send of client events. @default 10 */
  readonly clientEventsPerSecond?: number;
  /** With a store: how often a quiet channel is compared with it, about, in ms; 0: never. @default 30_000 */
  readonly quietMs?: number;
}

/** A client of the adapter's own. */
export interface KeyOptions extends CommonOptions {
  readonly key: string;
  /** @default '', which needs `options.wsHost` */
  readonly cluster?: string;
  /** The class of `pusher-js`. @default loaded by `import('pusher-js')` when it first connects */
  readonly Pusher?: PusherClass;
  /** Options of pusher-js: `wsHost`, `wsPort`, `forceTLS`, `nacl`, … @default {} */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A client of the app's. */
export interface ClientOptions extends CommonOptions {
  /** Stays the app's: it is never disconnected, signs its channels itself, and its own loop reconnects it. */
  readonly client: PusherLike;
}

export type PusherOptions = KeyOptions | ClientOptions;

/** A silent link is found after about 25 s; pusher-js alone takes up to 150 s. */
const patience = { activityTimeout: 18_000, pongTimeout: 7_000, unavailableTimeout: 8_000 };

/**
 * Pusher Channels.
 *
 * @throws {RealtimeError} `invalid` for options that contradict each other
 */
export function pusher(options: PusherOptions): Adapter {
  const {
    backend: given,
    store = false,
    publish = given === undefined ? 'client-event' : 'backend',
  } = options;
  if ((publish === 'backend' || store) && given === undefined)
    throw new RealtimeError(
      'invalid',
      "pusher({ store }) and publish: 'backend' need a backend: pusher({ backend: '/realtime' })",
    );
  const isOwned = !('client' in options);
  const setup: Setup = {
    publish,
    hasBackend: given !== undefined,
    store: store && publish === 'backend',
    reconnect: isOwned ? 'core' : 'adapter',
    clientEventsPerSecond: options.clientEventsPerSecond ?? 10,
  };
  const capabilities = ceiling(setup);
  return {
    name: 'pusher',
    specVersion: 1,
    capabilities,
    capabilitiesFor: (spec) => narrowed(capabilities, spec),
    open: (link, resume) => open(options, setup, link, resume !== undefined),
  };
}

function open(options: PusherOptions, setup: Setup, link: Link, isBack: boolean): PusherSession {
  const { backend: given, quietMs = 30_000 } = options;
  const at = typeof given === 'string' || given instanceof URL ? { url: given } : given;
  let endOwn = (): void => {};
  const refused = (error: RealtimeError): void => {
    session.turnedAway({ error, retry: 'fresh-token' });
  };
  const backend: BackendClient | undefined = at && backendClient(at, link, refused);
  const session = openSession({ link, setup, backend, isBack, quietMs, end: () => endOwn() });
  if ('client' in options) {
    // `opened` may not come before this has returned.
    queueMicrotask(() => session.begin(options.client));
    return session;
  }
  withClientLibrary(
    options.Pusher,
    (Pusher) => {
      if (session.isOver) return;
      const client = connect(Pusher, options, session);
      endOwn = () => {
        // pusher-js tells of a loss before it lets the connection go, then waits for its own retry, after some codes twice, and
        // forgets one of the two. Asked in that moment it would close what is closed, in Node with a timer of 30 s.
        client.connection.connect = () => {};
        queueMicrotask(() => client.disconnect());
        // pusher-js keeps every client that was ever made.
        const at = Pusher.instances?.indexOf(client) ?? -1;
        if (at >= 0) Pusher.instances?.splice(at, 1);
      };
      session.begin(client);
    },
    (reason) => session.dropped({ error: new RealtimeError('invalid', reason), retry: 'never' }),
  );
  return session;
}

type Answer = (error: Error | null, detail: unknown) => void;

function connect(
  Pusher: PusherClass,
  { key, cluster = '', options = {} }: KeyOptions,
  session: PusherSession,
): PusherLike {
  const isPlain = options['forceTLS'] === false;
  return new Pusher(key, {
    cluster,
    enabledTransports: isPlain ? ['ws'] : ['ws', 'wss'],
    ...patience,
    ...options,
    channelAuthorization: {
      customHandler(
        { socketId, channelName }: { socketId: string; channelName: string },
        answer: Answer,
      ) {
        session.sign(socketId, channelName).then(
          (detail) => answer(null, detail),
          (error: Error) => answer(error, null),
        );
      },
    },
  } as never);
}
