/**
 * The adapter: Ably, by the vendor's own client, which reconnects and resumes by itself. Mechanism only; the policy is core's.
 *
 * @see docs/adapters/ably.md · session.ts
 */
import type { Adapter, Link } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import type { AblyClass, AblyLike } from './ably-like.ts';
import { capabilities } from './capabilities.ts';
import { toError } from './refusals.ts';
import { openSession, type AblySession } from './session.ts';

interface CommonOptions {
  /** What Ably lets one connection publish. @default 50 */
  readonly publishesPerSecond?: number;
}

/** A client of the adapter's own. */
export interface OwnOptions extends CommonOptions {
  /** `app.key:secret`, never in a page. @default none: `authUrl`, or core's `auth`, whose answer is a token, or in `detail` a token request */
  readonly key?: string;
  /** Where Ably's client gets its tokens by itself. */
  readonly authUrl?: string;
  /** The class `Realtime`. @default loaded by `import('ably')` when it first connects */
  readonly Realtime?: AblyClass;
  /** Options of Ably's client: `endpoint`, `port`, `tls`, `authHeaders`, `useBinaryProtocol`, … @default {} */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A client of the app's, of `ably` or `ably/modular`. */
export interface ClientOptions extends CommonOptions {
  /** Stays the app's: it is never closed, and signs in by itself. */
  readonly client: AblyLike;
}

export type AblyOptions = OwnOptions | ClientOptions;

/** WebSockets alone: nothing but Ably itself is contacted. */
const quiet = { transports: ['web_socket'], disableConnectivityCheck: true };

/** Ably. */
export function ably(options: AblyOptions = {}): Adapter {
  return {
    name: 'ably',
    specVersion: 1,
    capabilities: capabilities(options.publishesPerSecond ?? 50),
    open: (link) => open(options, link),
  };
}

function open(options: AblyOptions, link: Link): AblySession {
  const isOwned = !('client' in options);
  const session = openSession(link, isOwned);
  if (!isOwned) {
    // `opened` may not come before this has returned.
    queueMicrotask(() => session.begin(options.client));
    return session;
  }
  clientClass(options.Realtime)
    .then((Realtime) => {
      if (!session.isOver) session.begin(connect(Realtime, options, link, session));
    })
    .catch((cause: { code?: number; message?: string }) => {
      const error = cause.code
        ? toError(cause)
        : new RealtimeError('invalid', `ably cannot be used: ${cause.message ?? String(cause)}`);
      session.dropped({ error, retry: 'never' });
    });
  return session;
}

/** The app's class, or `ably`, loaded when it is first needed. */
async function clientClass(given: AblyClass | undefined): Promise<AblyClass> {
  if (given) return given;
  const library = (await import('ably')) as unknown as Library & { default?: Library };
  // Where the names of a CommonJS package are depends on who loads it.
  return library.Realtime ?? (library.default as Library).Realtime;
}

interface Library {
  readonly Realtime: AblyClass;
}

type Answer = (error: object | null, credentials: unknown) => void;

function connect(
  Realtime: AblyClass,
  { key, authUrl, options }: OwnOptions,
  link: Link,
  session: AblySession,
): AblyLike {
  const { clientId } = link;
  const authCallback = (_: unknown, answer: Answer): void => {
    session.credentials().then(
      (credentials) => answer(null, credentials),
      (error: RealtimeError) => {
        if (error.code === 'auth_denied') session.dropped({ error, retry: 'never' });
        answer(error, null);
      },
    );
  };
  return new Realtime({
    ...quiet,
    ...(key !== undefined ? { key } : authUrl !== undefined ? { authUrl } : { authCallback }),
    ...(clientId !== undefined && { clientId }),
    autoConnect: false,
    logHandler: (text: string) => link.log('debug', text),
    ...options,
  } as never);
}
