/**
 * The adapter: Supabase Realtime, by the vendor's own client. Mechanism only; the policy is core's, which also reconnects.
 *
 * @see docs/adapters/supabase.md · session.ts
 */
import type { Adapter, Drop, Link } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import { capabilities } from './capabilities.ts';
import { openSession, type SupabaseSession } from './session.ts';
import type { RealtimeClass, RealtimeLike, SupabaseLike } from './supabase-like.ts';

interface CommonOptions {
  /** What the project may send, of its plan. @default 100 */
  readonly messagesPerSecond?: number;
  /** What one broadcast may have, of its plan. @default 256_000 */
  readonly payloadBytes?: number;
}

/** A client of the adapter's own. */
export interface OwnOptions extends CommonOptions {
  /** Of the project: `https://<project>.supabase.co`. */
  readonly url: string;
  /** `sb_publishable_…`, or the `anon` key. Tokens of core's `auth` go beside it. */
  readonly key: string;
  /** The class `RealtimeClient`. @default loaded by `import('@supabase/realtime-js')` when it first connects */
  readonly RealtimeClient?: RealtimeClass;
  /** Options of the vendor's client: `timeout`, `heartbeatIntervalMs`, `worker`, … @default {} */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A client of the app's: of `@supabase/supabase-js`, or a bare `RealtimeClient`. */
export interface ClientOptions extends CommonOptions {
  /** Stays the app's: it is never disconnected, and signs in by itself. */
  readonly client: RealtimeLike | SupabaseLike;
}

export type SupabaseOptions = OwnOptions | ClientOptions;

/** Supabase Realtime. */
export function supabase(options: SupabaseOptions): Adapter {
  const { messagesPerSecond = 100, payloadBytes = 256_000 } = options;
  return {
    name: 'supabase',
    specVersion: 1,
    capabilities: capabilities({ messagesPerSecond, payloadBytes }),
    open: (link, before) => open(options, link, (before as Set<string> | undefined) ?? new Set()),
  };
}

function open(options: SupabaseOptions, link: Link, before: Set<string>): SupabaseSession {
  const isOwned = !('client' in options);
  const session = openSession(link, isOwned, before);
  (isOwned ? connect(options, link, session) : join(options, link, session)).catch(
    (cause: unknown) => {
      const isKnown = RealtimeError.is(cause);
      const error = isKnown
        ? cause
        : new RealtimeError('invalid', `supabase cannot be used: ${String(cause)}`, { cause });
      const isPassing = isKnown && error.code !== 'auth_denied';
      session.dropped({ error, retry: isPassing ? 'fresh-token' : 'never' });
    },
  );
  return session;
}

interface Library {
  readonly RealtimeClient: RealtimeClass;
}

async function connect(
  { url, key, RealtimeClient: given, options }: OwnOptions,
  link: Link,
  session: SupabaseSession,
): Promise<void> {
  const Client =
    given ?? ((await import('@supabase/realtime-js')) as unknown as Library).RealtimeClient;
  const credentials = await link.authorize({});
  if (session.isOver) return;
  const client = new Client(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/realtime/v1`, {
    params: { apikey: key },
    // Core says when nobody needs it any more.
    disconnectOnEmptyChannelsAfterMs: 2_147_483_647,
    ...options,
    transport: watched((options?.['transport'] as typeof WebSocket) ?? WebSocket, session),
  } as never);
  session.begin(client, credentials);
  // Before the first join, or that would be nobody's.
  if (credentials.token !== undefined) await client.setAuth(credentials.token);
  if (!session.isOver) client.connect();
}

/** The vendor's client tells nobody of its connection; its sockets do. */
function watched(Base: typeof WebSocket, session: SupabaseSession): typeof WebSocket {
  return class extends Base {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols);
      this.addEventListener('open', () => session.opened());
      this.addEventListener('message', () => session.alive());
      // Before the vendor's client takes it for an error of every channel.
      this.addEventListener('error', () => session.dropped(closedBy()));
      this.addEventListener('close', (event) => session.dropped(closedBy(event)));
    }
  };
}

const closedBy = ({ code = 1006, reason = '' }: Partial<CloseEvent> = {}): Drop => ({
  retry: 'backoff',
  error: new RealtimeError('connection_failed', `the connection ended (${code}) ${reason}`.trim()),
});

/** An app's client has its own tokens; core's `auth` says who we are, and until when. */
async function join(
  { client: given }: ClientOptions,
  link: Link,
  session: SupabaseSession,
): Promise<void> {
  const client = 'realtime' in given ? given.realtime : given;
  const credentials = await link.authorize({});
  // Before the first join, or that would be nobody's.
  await client.setAuth();
  if (session.isOver) return;
  const { open: opens, message, error, close } = client.stateChangeCallbacks;
  const dropped = (event: Partial<CloseEvent>): void => session.dropped(closedBy(event));
  const callbacks = new Map<unknown[], unknown>([
    [opens, ['anywire', () => session.opened()]],
    [message, ['anywire', () => session.alive()]],
    [error, ['anywire', () => session.dropped(closedBy())]],
    [close, ['anywire', dropped]],
  ]);
  for (const [list, callback] of callbacks) list.push(callback);
  session.begin(client, credentials, () => {
    for (const [list, callback] of callbacks) list.splice(list.indexOf(callback), 1);
  });
  if (client.isConnected()) session.opened();
  else client.connect();
}
