/**
 * The adapter contract: what core asks of a backend, and what a backend reports to core.
 *
 * Core is policy (queues, retries, duplicates, deadlines, presence sets); an adapter is mechanism. An adapter
 * is a plain function from options to an {@link Adapter}; it does no I/O before `open`, and keeps no retry
 * timer and no queue of its own.
 *
 * @see docs/writing-an-adapter.md · docs/decisions/0002-adapter-contract.md
 */
import type { AckLevel, Capabilities, Limits } from './capabilities.ts';
import type { ChannelSpec } from './channels.ts';
import type { Clock } from './clock.ts';
import type { RealtimeError } from './errors.ts';

export type * from './capabilities.ts';

/** An opaque position in a channel, made by the backend. Text, so that it can be stored and sent. */
export type Cursor = string;

/** A position that can be compared with `<` inside one channel and epoch. */
export type Serial = number | string;

// --- messages ---

/** Who sent a message. `verified` is false where the sender is only claimed in the payload. */
export interface Sender {
  readonly clientId?: string;
  readonly connectionId?: string;
  readonly verified: boolean;
}

/** A message as an adapter reports it. */
export interface Inbound {
  readonly event: string;
  readonly data: unknown;
  /** `<sender nonce>:<counter>`; absent on messages of foreign publishers. */
  readonly id?: string;
  readonly serial?: Serial;
  /** The position just after this message. */
  readonly cursor?: Cursor;
  /** ms since 1970, by the service's clock. */
  readonly timestamp?: number;
  readonly sender?: Sender;
  readonly action: 'create' | 'update' | 'delete';
  readonly version?: string;
  /** Part of a backlog (rewind or resume), not live. */
  readonly replayed?: boolean;
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly native?: unknown;
}

/** A message on its way out. */
export interface Outbound {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  /** `data` as JSON text, made once for the size check; send it as it is where the backend takes text. */
  readonly json: string;
  /** The sender's wire sequence in this channel; absent on volatile and keyed publishes. */
  readonly sequence?: number;
  /** May be dropped; not stored; not acknowledged. */
  readonly volatile: boolean;
}

/** What became of one publish: proven up to `level`, or refused. */
export type PublishOutcome =
  | {
      readonly level: AckLevel;
      readonly serial?: Serial;
      readonly timestamp?: number;
      /** The backend had this id already: an earlier try had arrived. */
      readonly duplicate?: boolean;
    }
  | { readonly error: RealtimeError; readonly retryAfterMs?: number };

// --- presence and history ---

/** One instance (tab, device) of one client. */
export interface MemberInfo {
  readonly clientId: string;
  readonly instanceId: string;
  readonly connectionId?: string;
  readonly data: unknown;
}

/** `sync-start … sync-end` brackets a complete set of `enter` changes. */
export type PresenceChange =
  | { readonly action: 'enter' | 'update' | 'leave'; readonly member: MemberInfo }
  | { readonly action: 'sync-start' | 'sync-end' };

export interface PresenceSession {
  enter(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
  update(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
  leave(channel: string, signal: AbortSignal): Promise<void>;
}

export interface HistoryQuery {
  readonly limit: number;
  /** `backwards`: newest first. */
  readonly direction: 'backwards' | 'forwards';
  /** Backwards: at or before this position; forwards: after it. `attach`: where this attachment began. */
  readonly from?: Cursor | 'attach' | undefined;
  /** ms since 1970, inclusive. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export interface HistoryPage {
  readonly items: readonly Inbound[];
  /** Where the next page begins, in the same direction; absent on the last one. */
  readonly next?: Cursor;
  /** False when retention has cut off what the query asked for. */
  readonly complete: boolean;
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
  readonly limits?: Limits;
}

export interface AttachRequest {
  readonly spec: ChannelSpec;
  /** `enter` watches too. */
  readonly presence: 'none' | 'watch' | 'enter';
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
