/**
 * The engine contract: where channels live. The hub keeps connections and attachments; an engine keeps what must
 * be the same for all server processes: serials, history, members, who owns a nonce.
 *
 * Methods may answer at once or later. Calls for one channel take effect in the order in which they were made.
 * A method that cannot answer throws or rejects; the hub tells the client `server_error`.
 *
 * @see memory.ts, the first one · engine-conformance.ts, which every engine passes
 */
import type { Clock } from './clock.ts';
import type { MaybePromise } from './flow.ts';
import type { Frame } from './frame.ts';
import type { Log } from './log.ts';
import type { PackedPayload } from './packed-frame.ts';

// --- messages ---

/** A message that wants a serial. */
export interface Draft {
  /** `<nonce>:<counter>`; unique in its channel. */
  readonly id: string;
  /** ms since 1970. */
  readonly timestamp: number;
  /** The message frame after its serial, from `messageTail`. */
  readonly tail: string;
  /** The data as a binary codec wrote them; an engine that makes its frames in this process gives it to `messageFrame`. */
  readonly payload?: PackedPayload | undefined;
}

/** What became of a draft. */
export interface Appended {
  /** 1 for the first message of an epoch, then without a hole. */
  readonly serial: number;
  /** Of the message that is stored: of the earlier try, for a duplicate. */
  readonly timestamp: number;
  readonly duplicate: boolean;
}

/** A stored message. */
export interface Entry {
  readonly serial: number;
  readonly id: string;
  readonly timestamp: number;
  readonly frame: Frame;
}

/** How much of a channel is kept: for resume, and for history where the channel has it. */
export interface Retention {
  /** Messages. At least 1. */
  readonly size: number;
  readonly ttlMs: number;
}

/** Which stored messages. Serials have no hole, so a serial is also a position: just after its message. */
export interface ReadQuery {
  readonly direction: 'forwards' | 'backwards';
  /** Forwards: after this serial. Backwards: at or before it. Absent: from the oldest, or the newest. */
  readonly from?: number | undefined;
  /** 0 reads the position alone. */
  readonly limit: number;
  /** Ends a slice early; the first entry always comes. */
  readonly maxBytes: number;
  /** ms since 1970, inclusive. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** Stored messages, and the state of their channel at that moment. */
export interface Slice {
  /** Names one life of the channel; another epoch means that serials began anew. */
  readonly epoch: string;
  /** The newest serial; 0 before the first message. */
  readonly serial: number;
  /** The id of the newest message, also when it is no longer stored; '' at serial 0. */
  readonly id: string;
  /** The oldest serial that is stored; `serial + 1` when none is. */
  readonly first: number;
  /** In the direction of the query. */
  readonly entries: readonly Entry[];
  /** Whether more entries of the query follow. */
  readonly more: boolean;
  /** False when the query asks for messages that are no longer stored, and this slice ends or begins at them. */
  readonly complete: boolean;
  /**
   * The id stored at `query.from`; undefined when it is not stored. Where a store can go back in time within one epoch, also
   * that of `first - 1`: else who resumes from there would not be seen to have known another message.
   */
  readonly anchorId: string | undefined;
}

// --- presence ---

/** Names a member: one instance of one client. */
export interface MemberKey {
  readonly clientId: string;
  readonly instanceId: string;
}

export interface Member extends MemberKey {
  /** The connection that entered it last, as others see it. */
  readonly connectionId: string;
  /** What keeps it here: unique to a pipe, also where a client has one connection over many pipes. Nobody else sees it. */
  readonly hold: string;
  /** JSON text of one line. */
  readonly data: string;
}

/** `unchanged`: the instance was known with the same data; its connection and hold were replaced without an event. */
export type Entered = 'entered' | 'updated' | 'unchanged' | 'full';

export interface MemberChange {
  readonly action: 'enter' | 'update' | 'leave';
  readonly member: Member;
  /** Of the set with this change. */
  readonly version: string;
}

/** The members of a channel, and the name of this very set: another one after each change that was told. */
export interface MemberSet {
  readonly version: string;
  readonly members: readonly Member[];
}

// --- the two ends ---

/** What an engine may use, and reports to: the sink of everything live in channels that are subscribed here. */
export interface EngineHost {
  readonly clock: Clock;
  readonly log: Log;
  retention(channel: string): Retention;
  /** Stored messages of a channel, in serial order, each once. May be called inside `append`. */
  message(channel: string, entry: Entry): void;
  /** A message that is not stored. `id` says who sent it. */
  volatile(channel: string, id: string, frame: Frame): void;
  presence(channel: string, change: MemberChange): void;
  /** Live delivery has a hole, or the epoch changed: all who are attached must attach again. */
  reset(channel: string): void;
}

/** A place where channels live. */
export interface Engine {
  readonly name: string;
  /** Before everything else, once. */
  open(host: EngineHost): MaybePromise<void>;
  /** From its answer on, the host hears of `channel`; gives the channel an epoch if it has none. */
  subscribe(channel: string): MaybePromise<void>;
  /** The channel is kept for a resume window of 120 s at least. */
  unsubscribe(channel: string): MaybePromise<void>;
  /** Stores a message, unless its id was stored here within the idempotency window of 120 s at least. */
  append(channel: string, draft: Draft): MaybePromise<Appended>;
  /** Hands a message to all who are attached now. */
  broadcast(channel: string, id: string, frame: Frame): MaybePromise<void>;
  read(channel: string, query: ReadQuery): MaybePromise<Slice>;
  /** Adds or replaces a member; `full` when that would make more than `maxMembers`. */
  enter(channel: string, member: Member, maxMembers: number): MaybePromise<Entered>;
  /** Removes the member, if `hold` still keeps it, or whatever does when there is none: answers whether it did. */
  leave(channel: string, key: MemberKey, hold?: string): MaybePromise<boolean>;
  members(channel: string): MaybePromise<MemberSet>;
  /**
   * Binds a nonce to its owner while a connection uses it, and for a day after.
   *
   * @param owners - The owner first, then who it was before (an anonymous client that has signed in).
   * @returns false when it belongs to somebody else.
   */
  claim(nonce: string, owners: readonly string[]): MaybePromise<boolean>;
  /** One connection less uses the nonce. */
  release(nonce: string): MaybePromise<void>;
  close(): MaybePromise<void>;
}

/** What is stored in a channel that does not exist: reading must not create it. */
export const nothingStored: Slice = {
  epoch: 'none',
  serial: 0,
  id: '',
  first: 1,
  entries: [],
  more: false,
  complete: true,
  anchorId: undefined,
};
