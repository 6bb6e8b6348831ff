/**
 * The adapter contract: what core asks of a backend, and what a backend reports to core.
 *
 * Core is policy (queues, retries, duplicates, deadlines, presence sets); an adapter is mechanism. An adapter
 * is a plain function from options to an {@link Adapter}; it does no I/O before `open`, and keeps no retry
 * timer and no queue of its own.
 *
 * @see docs/writing-an-adapter.md · docs/decisions/0002-adapter-contract.md
 */
import type { Capabilities, Limits } from './capabilities.ts';
import type { ChannelSpec } from './channels.ts';
import type { Clock } from './clock.ts';
import type {
  Cursor,
  HistoryPage,
  HistoryQuery,
  Inbound,
  Outbound,
  PresenceChange,
  PublishOutcome,
} from './contract-data.ts';
import type { RealtimeError } from './errors.ts';

export type * from './capabilities.ts';
export type * from './contract-data.ts';

// --- presence and history ---

export interface PresenceSession {
  enter(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
  update(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
  leave(channel: string, signal: AbortSignal): Promise<void>;
}

export interface HistorySession {
  page(channel: string, query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage>;
}

// --- auth ---

export interface AuthRequest {
  /** For backends that sign each channel; absent: for the connection. */
  readonly channel?: string;
  /** Names the connection that the answer is for; an answer for an older one is thrown away. */
  readonly connectionRef?: string | undefined;
  readonly presence?: boolean;
}

export interface Credentials {
  readonly token?: string;
  /** ms since 1970. */
  readonly expiresAt?: number;
  readonly clientId?: string;
  /** What a vendor needs beyond a token. */
  readonly detail?: unknown;
}

// --- the two ends ---

/** Why a connection or one channel ended, and what core may do about it. */
export interface Drop {
  readonly error: RealtimeError;
  /** `fresh-token`: ask the app for new credentials, then as `backoff`. */
  readonly retry: 'backoff' | 'now' | 'never' | 'fresh-token';
  readonly retryAfterMs?: number;
}

export interface OpenedInfo {
  /** Where the service names connections. */
  readonly connectionId?: string;
  /** Who the service says we are. */
  readonly clientId?: string;
  /** What this service, or this client's key, has less than the adapter declares. */
  readonly limits?: Limits;
  /** The service sends something at least this often; core's watchdog waits that long and 10 s more. */
  readonly heartbeatMs?: number;
  /** ms since 1970 by our clock: when the service will stop accepting the credentials. */
  readonly expiresAt?: number;
  /** Given to the next `open` of the same client. */
  readonly resume?: unknown;
}

export interface AttachedInfo {
  readonly continuity: 'initial' | 'kept' | 'lost' | 'unknown';
  /** The position at which live messages begin. */
  readonly cursor?: Cursor;
  /** A backlog follows, and `replayed` marks its end. */
  readonly backlog?: boolean;
  readonly reason?: string;
  /** What this channel has less. */
  readonly limits?: Limits;
}

export interface AttachRequest {
  readonly spec: ChannelSpec;
  /** `enter` watches too; `count` is asked only where `capabilities.presence.occupancy` is `native`. */
  readonly presence: 'none' | 'count' | 'watch' | 'enter';
  readonly presenceData?: unknown;
  /** Resume after this position. */
  readonly cursor?: Cursor | undefined;
  /** Deliver the last n messages first; only asked where `capabilities.rewind` is not `none`. */
  readonly rewind?: number | undefined;
  readonly echo: boolean;
  readonly signal: AbortSignal;
}

/** Receives diagnostics: a short stable text, and details without tokens or payloads. */
export type Logger = (
  level: 'debug' | 'warn' | 'error',
  text: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/**
 * What an adapter reports to core. Calls are synchronous facts, in the order in which they happened;
 * they never throw. After `dropped`, a session of a `reconnect: 'core'` adapter is dead and its calls are ignored.
 */
export interface Link {
  opened(info: OpenedInfo): void;
  dropped(drop: Drop): void;
  /** Also a vendor's own re-attach. Before any message of that attachment. */
  attached(channel: string, info: AttachedInfo): void;
  /** The backlog announced by `attached` is complete. */
  replayed(channel: string): void;
  /** The service ended one channel. */
  detached(channel: string, drop: Drop): void;
  received(channel: string, message: Inbound): void;
  presence(channel: string, change: PresenceChange): void;
  /** Something went wrong that ends nothing and answers no call: the app is told. */
  report(error: RealtimeError, channel?: string): void;
  /** Something came in: the connection lives. */
  alive(): void;
  /** Asks core for credentials. Rejects with a {@link RealtimeError}; then report `dropped`. */
  authorize(request: AuthRequest): Promise<Credentials>;
  /** The sender nonce of this client: the first part of every message id. */
  readonly nonce: string;
  /** Known to nobody else: shows that the nonce is this client's before a backend has given it something better. */
  readonly secret: string;
  /** What the app says about itself before the service answers. */
  readonly clientId: string | undefined;
  /** Names this tab or device; survives reconnects. */
  readonly instanceId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** What core asks of an adapter. Promises reject with a {@link RealtimeError}, and at the latest on `signal`. */
export interface Session {
  /**
   * Resolves after `link.attached`. For a channel that is attached it changes the attachment (presence mode,
   * echo), goes on from `request.cursor`, and reports `attached` again.
   */
  attach(channel: string, request: AttachRequest): Promise<void>;
  detach(channel: string): Promise<void>;
  /** One outcome for each message, in the same order. */
  publish(
    channel: string,
    batch: readonly Outbound[],
    signal: AbortSignal,
  ): Promise<readonly PublishOutcome[]>;
  readonly presence?: PresenceSession | undefined;
  readonly history?: HistorySession | undefined;
  /**
   * New credentials for a live connection; absent where only a reconnect takes them. Resolves with when
   * the service will stop accepting them (ms since 1970 by our clock), where it says so.
   */
  refresh?(credentials: Credentials): Promise<number | undefined>;
  /** `reconnect: 'adapter'`: try now, the network seems to be back. */
  retryNow?(): void;
  /** Resolves when the other end answered. */
  ping?(signal: AbortSignal): Promise<void>;
  /** Ends what is ours, on purpose: the service need not wait for a resume. */
  close(): Promise<void>;
  /** The vendor's client. */
  readonly native: unknown;
}

/** A backend, ready to be opened. */
export interface Adapter {
  readonly name: string;
  readonly specVersion: 1;
  /** The ceiling of what any channel can have. */
  readonly capabilities: Capabilities;
  /** What one channel can have, where channels differ. */
  capabilitiesFor?(spec: ChannelSpec): Capabilities;
  /** Starts connecting. `link.opened` comes after `open` has returned. */
  open(link: Link, resume?: unknown): Session;
}
