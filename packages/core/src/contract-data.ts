/**
 * What travels between core and an adapter: messages, members, pages of history. Part of the adapter contract.
 *
 * @see contract.ts · docs/writing-an-adapter.md
 */
import type { AckLevel } from './capabilities.ts';
import type { RealtimeError } from './errors.ts';

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
  /** A JSON value; or bytes, as a plain `Uint8Array` that nobody else holds. */
  readonly data: unknown;
  /** `<sender nonce>:<counter>`; absent on messages of foreign publishers. */
  readonly id?: string;
  readonly serial?: Serial;
  /** The sender's wire sequence in this channel, where the backend carries it. */
  readonly sequence?: number;
  /** The position just after this message. */
  readonly cursor?: Cursor;
  /** ms since 1970, by the service's clock. */
  readonly timestamp?: number;
  readonly sender?: Sender;
  readonly action: 'create' | 'update' | 'delete';
  readonly version?: string;
  /** Part of a backlog (rewind or resume), not live. */
  readonly replayed?: boolean;
  /** What interceptors of the sender have added. */
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly native?: unknown;
}

/** A message on its way out. */
export interface Outbound {
  readonly id: string;
  readonly event: string;
  /** A JSON value; or bytes, which are core's own copy, and not to be changed. */
  readonly data: unknown;
  /** `data` as JSON text, made once for the size check; send it as it is where the backend takes text. Undefined for bytes. */
  readonly json: string | undefined;
  /** What interceptors add: a small JSON object that travels beside the data. */
  readonly extras?: Readonly<Record<string, unknown>>;
  /**
   * The sender's wire sequence in this channel: 1, 2, 3 … in the order of the first hand-over, the same over resends;
   * absent on volatile and keyed publishes. What is refused or given up leaves a hole.
   */
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

/** How many are present. */
export interface Occupancy {
  /** Instances. */
  readonly members: number;
  /** Undefined where the backend counts instances alone. */
  readonly clients?: number;
}

/** `sync-start … sync-end` brackets a complete set of `enter` changes. */
export type PresenceChange =
  | {
      readonly action: 'enter' | 'update' | 'leave';
      readonly member: MemberInfo;
      /**
       * Of a leave: on purpose, or because the connection broke; without a reason it counts as lost. Read where the
       * backend has no grace of its own: then core holds back who was lost.
       */
      readonly reason?: 'left' | 'lost';
    }
  | { readonly action: 'sync-start' | 'sync-end' }
  /** The count alone, where it was asked for (`presence: 'count'`). */
  | ({ readonly action: 'occupancy' } & Occupancy);

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
