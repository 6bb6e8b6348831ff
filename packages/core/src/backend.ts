/**
 * `@anywire/core/backend`: the client of an app's own backend (`@anywire/backend`), for adapters of services that need one: it
 * signs, publishes, keeps history, and knows how far a channel is.
 *
 * Knows no service: what a service needs travels in `detail`.
 *
 * @see docs/backend.md, which specifies the requests · packages/backend/src/routes.test.ts
 * @module
 */
import { fromBase64, toBase64 } from './base64.ts';
import type {
  Credentials,
  Cursor,
  HistoryPage,
  HistoryQuery,
  Inbound,
  Link,
  Outbound,
  PublishOutcome,
} from './contract.ts';
import { errorCodes, RealtimeError, type ErrorCode } from './errors.ts';

/** Where the backend is. */
export interface BackendOptions {
  /** Of its handlers: `'/realtime'`, or an address in full where there is no page. */
  readonly url: string | URL;
  /** Sent with every request. @default none */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** Whether cookies go to another origin. @default 'same-origin' */
  readonly credentials?: RequestCredentials;
}

export interface BackendAuth {
  /** Absent: who this client is. */
  readonly channel?: string;
  readonly connectionRef?: string | undefined;
  /** For the members' channel of a service that has one. */
  readonly presence?: { readonly data: unknown };
}

/** A member whose data are newer than what the service shows. */
export interface BackendMember {
  readonly clientId: string;
  readonly instanceId: string;
  readonly data: unknown;
}

export interface BackendClient {
  auth(request: BackendAuth, signal?: AbortSignal): Promise<Credentials>;
  /** @param connectionRef - Of the sender's connection. */
  publish(
    channel: string,
    batch: readonly Outbound[],
    connectionRef: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly PublishOutcome[]>;
  page(channel: string, query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage>;
  /** Where each channel is; undefined where the backend keeps nothing of it. */
  positions(
    channels: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly (Cursor | undefined)[]>;
  /** Tells the others what this member shows now; without `data`, that it has left on purpose. */
  present(
    channel: string,
    member: { readonly data?: unknown },
    connectionRef: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  members(channel: string, signal?: AbortSignal): Promise<readonly BackendMember[]>;
}

const known: ReadonlySet<string> = new Set(errorCodes);
const ofStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid',
  401: 'auth_failed',
  403: 'forbidden',
  404: 'unsupported',
  413: 'payload_too_large',
  429: 'rate_limited',
};

interface Told {
  readonly code?: string;
  readonly message?: string;
  readonly retryAfterMs?: number;
}

/** What the backend says of a request or of one message. */
function errorOf(
  { code = '', message = 'the backend refused it' }: Told,
  status?: number,
): RealtimeError {
  const named = known.has(code) ? (code as ErrorCode) : undefined;
  const fallback = ofStatus[status ?? 0] ?? 'server_error';
  return new RealtimeError(named ?? fallback, message, status ? { vendorCode: status } : {});
}

/**
 * @param refused - Hears of a token that the backend does not take; the request rejects, too.
 */
export function backendClient(
  options: BackendOptions,
  link: Link,
  refused: (error: RealtimeError) => void,
): BackendClient {
  const { url, headers = {}, credentials = 'same-origin' } = options;
  const base = String(url).replace(/\/$/, '');

  async function ask(path: string, body?: object, signal?: AbortSignal): Promise<never> {
    const { token } = await link.authorize({});
    let response: Response;
    let reply: unknown;
    try {
      response = await (options.fetch ?? fetch)(`${base}/${path}`, {
        method: body ? 'POST' : 'GET',
        credentials,
        headers: {
          ...(typeof headers === 'function' ? headers() : headers),
          ...(body && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
      const text = await response.text();
      reply = response.ok && text ? JSON.parse(text) : text;
    } catch (cause) {
      if (signal?.aborted) throw new RealtimeError('aborted', 'aborted', { cause: signal.reason });
      throw new RealtimeError('connection_failed', `the backend at ${base} did not answer`, {
        cause,
      });
    }
    if (response.ok) return reply as never;
    const error = errorOf(toldIn(reply as string), response.status);
    if (response.status === 401) refused(error);
    throw error;
  }

  return {
    auth: (request, signal) => ask('auth', { ...request, instanceId: link.instanceId }, signal),
    async publish(channel, batch, connectionRef, signal) {
      const { outcomes } = (await ask(
        'publish',
        {
          channel,
          connectionRef,
          instanceId: link.instanceId,
          secret: link.secret,
          messages: batch.map(toSent),
        },
        signal,
      )) as { outcomes: readonly (PublishOutcome | { error: Told })[] };
      return outcomes.map((outcome) => {
        if (!('error' in outcome)) return outcome;
        const { retryAfterMs } = outcome.error as Told;
        const error = errorOf(outcome.error);
        return retryAfterMs === undefined ? { error } : { error, retryAfterMs };
      });
    },
    async page(channel, query, signal) {
      const parameters = Object.entries({ channel, ...query }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)]],
      );
      const page: { items: readonly Stored[]; next?: Cursor; complete: boolean } = await ask(
        `history?${new URLSearchParams(parameters).toString()}`,
        undefined,
        signal,
      );
      return { ...page, items: page.items.map(toInbound) };
    },
    async positions(channels, signal) {
      const { positions }: { positions: readonly (Cursor | null)[] } = await ask(
        'positions',
        { channels },
        signal,
      );
      return positions.map((position) => position ?? undefined);
    },
    async present(channel, member, connectionRef, signal) {
      await ask(
        'presence',
        { channel, connectionRef, instanceId: link.instanceId, ...member },
        signal,
      );
    },
    async members(channel, signal) {
      const query = new URLSearchParams({ channel }).toString();
      const { members }: { members: readonly BackendMember[] } = await ask(
        `presence?${query}`,
        undefined,
        signal,
      );
      return members;
    },
  };
}

function toldIn(text: string): Told {
  try {
    return (JSON.parse(text) as { error?: Told }).error ?? {};
  } catch {
    return {};
  }
}

/** The data as they were when they were published. */
function toSent({ id, event, data, json, extras, sequence, volatile }: Outbound): object {
  const content =
    json === undefined
      ? { bytes: toBase64(data as Uint8Array) }
      : { data: JSON.parse(json) as unknown };
  return { id, event, ...content, extras, sequence, ...(volatile && { volatile }) };
}

/** A message as the backend keeps it. */
interface Stored extends Omit<Inbound, 'action' | 'data' | 'sender'> {
  readonly data?: unknown;
  /** Base64. */
  readonly bytes?: string;
  readonly clientId?: string;
  readonly connectionId?: string;
}

function toInbound({ data, bytes, clientId, connectionId, ...message }: Stored): Inbound {
  return {
    ...message,
    data: bytes === undefined ? data : fromBase64(bytes),
    sender: {
      verified: true,
      ...(clientId !== undefined && { clientId }),
      ...(connectionId !== undefined && { connectionId }),
    },
    action: 'create',
  };
}
