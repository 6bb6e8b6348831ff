/**
 * What a session needs and gives, as structures: this package depends on nothing, and core's `Link` and `Session`
 * fit. `adapter-ws` proves it by compiling.
 *
 * @see packages/core/src/contract.ts, which says what each member means
 */

import type { BinaryCodec } from '../binary-codec.ts';

/** What a session reads of an error that the host made. */
export interface HostError extends Error {
  readonly code: string;
  readonly retryable: boolean;
}

// Members that are optional here may be present and undefined in what a session reports: to a reader it is the same,
// and objects of one shape are smaller to make and quicker to read than objects of many. Hence some casts.

export interface Drop<Failure> {
  readonly error: Failure;
  readonly retry: 'backoff' | 'now' | 'never' | 'fresh-token';
  readonly retryAfterMs?: number;
}

export interface OpenedInfo {
  readonly connectionId: string;
  readonly clientId?: string;
  readonly limits: {
    readonly maxPayloadBytes: number;
    readonly presence: { readonly graceMs?: number; readonly maxMembers?: number };
    readonly history: { readonly limit?: number };
  };
  readonly heartbeatMs: number;
  readonly expiresAt?: number;
  readonly resume: string;
}

export interface AttachedInfo {
  readonly continuity: 'initial' | 'kept' | 'lost';
  readonly cursor: string;
  readonly backlog: boolean;
  readonly reason?: string;
}

export interface Inbound {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
  readonly serial?: number;
  readonly cursor?: string;
  readonly timestamp: number;
  readonly sender: {
    readonly clientId?: string;
    readonly connectionId?: string;
    readonly verified: true;
  };
  readonly action: 'create';
  readonly replayed: boolean;
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly sequence?: number;
}

export interface Member {
  readonly clientId: string;
  readonly instanceId: string;
  readonly connectionId: string;
  readonly data: unknown;
}

export type PresenceChange =
  | { readonly action: 'enter' | 'update' | 'leave'; readonly member: Member }
  | { readonly action: 'sync-start' | 'sync-end' };

/** Hears of the session, in order; a subset of core's `Link`, and a maker of errors. Its calls never throw. */
export interface Host<Failure extends HostError> {
  opened(info: OpenedInfo): void;
  dropped(drop: Drop<Failure>): void;
  attached(channel: string, info: AttachedInfo): void;
  replayed(channel: string): void;
  detached(channel: string, drop: Drop<Failure>): void;
  received(channel: string, message: Inbound): void;
  presence(channel: string, change: PresenceChange): void;
  report(error: Failure, channel?: string): void;
  alive(): void;
  authorize(request: Record<never, never>): Promise<{ readonly token?: string }>;
  readonly nonce: string;
  readonly secret: string;
  readonly instanceId: string;
  readonly clock: { now(): number };
}

/** Makes the host's errors; a `code` that the host does not know becomes `server_error`. */
export type ErrorMaker<Failure extends HostError> = (
  code: string,
  message: string,
  options?: { cause?: unknown; vendorCode?: number },
) => Failure;

/** What became of a publish. */
export type Outcome<Failure> =
  | {
      readonly level: 'none' | 'accepted' | 'stored';
      readonly serial?: number;
      readonly timestamp?: number;
      readonly duplicate?: boolean;
    }
  | { readonly error: Failure; readonly retryAfterMs?: number };

export interface Outbound {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  /** The data as JSON text of one line; undefined where `data` are bytes. */
  readonly json: string | undefined;
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly sequence?: number;
  readonly volatile: boolean;
}

export interface AttachRequest {
  /** `count` is not asked of a backend that does not declare it; this one has no such frame. */
  readonly presence: 'none' | 'count' | 'watch' | 'enter';
  readonly presenceData?: unknown;
  readonly cursor?: string | undefined;
  readonly rewind?: number | undefined;
  readonly echo: boolean;
  readonly signal: AbortSignal;
}

export interface HistoryQuery {
  readonly limit: number;
  readonly direction: 'backwards' | 'forwards';
  readonly from?: string | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export interface HistoryPage {
  readonly items: readonly Inbound[];
  readonly next?: string;
  readonly complete: boolean;
}

/** Core's `Session` without `native`. */
export interface ClientSession<Failure> {
  attach(channel: string, request: AttachRequest): Promise<void>;
  detach(channel: string): Promise<void>;
  publish(
    channel: string,
    batch: readonly Outbound[],
    signal: AbortSignal,
  ): Promise<readonly Outcome<Failure>[]>;
  readonly presence: {
    enter(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
    update(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
    leave(channel: string, signal: AbortSignal): Promise<void>;
  };
  readonly history: {
    page(channel: string, query: HistoryQuery, signal: AbortSignal): Promise<HistoryPage>;
  };
  /** Resolves with when the new credentials expire, in ms since 1970 by the host's clock. */
  refresh(credentials: { readonly token?: string }): Promise<number | undefined>;
  ping(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What else a session needs. */
export interface SessionOptions<Failure extends HostError> {
  /** Makes the host's errors. */
  readonly error: ErrorMaker<Failure>;
  /** How JSON carries bytes; core has them. */
  readonly base64: {
    toBase64(bytes: Uint8Array): string;
    fromBase64(text: string): Uint8Array;
  };
  /** What the last `opened` of this client reported as `resume`. */
  readonly resume?: unknown;
}

// --- pipe ---

/** A transport message: text, or bytes where the pipe opened with a codec. */
export type Data = string | Uint8Array;

/** Carries transport messages both ways, in order: a WebSocket, an event stream with POST, a Socket.IO socket. */
export interface Pipe {
  /** Only called while the pipe is open. */
  send(message: Data): void;
  /** Ends the pipe, also one that is not open yet. `closed` follows within a bounded time, or at once. */
  close(code: number, reason: string): void;
  /** What carries it now, for who knows what it is. */
  readonly native?: unknown;
}

/** What a pipe reports; not before the function that opened it has returned. */
export interface PipeEvents {
  /** @param codec - What both ends have agreed on. @default JSON */
  opened(codec?: BinaryCodec): void;
  received(message: Data): void;
  /** Something came in that is no message, such as a comment of an event stream: the other end lives. */
  alive(): void;
  /**
   * Last call, made once.
   *
   * @param info - `code` as in docs/protocol.md#close-codes; 1006 where the transport has none. `retryAfterMs`: come
   *   back no sooner.
   */
  closed(info: {
    readonly code: number;
    readonly reason: string;
    readonly retryAfterMs?: number | undefined;
  }): void;
}

/** Starts a pipe. An error that it throws is reported by `dropped`, and is final. */
export type OpenPipe = (events: PipeEvents) => Pipe;
