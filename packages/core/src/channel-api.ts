/**
 * What an app sees of one channel. The implementation is spread over the files named in docs/architecture.md; nothing
 * here has behaviour.
 */
import type { AckLevel, Capabilities, Cursor, Inbound, Sender, Serial } from './contract.ts';
import type { Unsubscribe } from './emitter.ts';
import type { RealtimeError } from './errors.ts';
import type { HistoryOptions, Page } from './history-api.ts';
import type { Presence } from './presence-api.ts';
import type { Store } from './store.ts';

export type { Unsubscribe } from './emitter.ts';
export type * from './history-api.ts';
export type * from './presence-api.ts';

// --- messages ---

/** A message, as listeners get it. */
export interface Message<Data = unknown, Event extends string = string> {
  readonly channel: string;
  readonly event: Event;
  readonly data: Data;
  /** `<sender nonce>:<counter>`; undefined on messages of publishers that do not use this SDK. */
  readonly id?: string | undefined;
  readonly serial?: Serial | undefined;
  /** ms since 1970, by the service's clock. */
  readonly timestamp?: number | undefined;
  readonly sender: Sender;
  readonly action: 'create' | 'update' | 'delete';
  readonly version?: string | undefined;
  /** From a backlog (rewind, resume, history) and not live. */
  readonly replayed: boolean;
  /** A copy made here, because the backend does not send own messages back. */
  readonly local: boolean;
  readonly extras?: Readonly<Record<string, unknown>> | undefined;
  readonly native?: unknown;
}

/** Called for each message; the first argument is what most apps want. */
export type Listener<Data = unknown, Event extends string = string> = (
  data: Data,
  message: Message<Data, Event>,
) => void;

/** How to listen. */
export interface ListenOptions {
  /** First deliver the last n messages of the channel's history, to this listener alone. */
  readonly rewind?: number;
  readonly signal?: AbortSignal;
}

/** How to read messages in a loop. */
export interface IterateOptions extends ListenOptions {
  /** Messages kept for a slow reader. @default 1024 */
  readonly buffer?: number;
  /** @default 'error': the iterator throws `overflow` */
  readonly overflow?: 'error' | 'drop-oldest';
}

// --- publishing ---

/** What one publish demands, and how it waits. */
export interface PublishOptions {
  /** The least that the receipt must prove; where the backend cannot, rejects `unsupported` before sending. */
  readonly ack?: AckLevel;
  /** Never queued and may be dropped; the receipt's level is `none`. @default false */
  readonly volatile?: boolean;
  /** Of those that wait, only the latest of a key stays; one that is replaced resolves with level `none`, `attempts: 0`. */
  readonly key?: string;
  /** Stops waiting; what was written already may still arrive. */
  readonly signal?: AbortSignal;
}

/** What is known of a publish when its promise resolves. */
export interface Receipt {
  readonly id: string;
  /** The level that was proven. */
  readonly level: AckLevel;
  readonly serial: Serial | undefined;
  readonly timestamp: number | undefined;
  /** How often it was handed to the transport; 0 for one that was dropped: volatile, or replaced by its `key`. */
  readonly attempts: number;
}

/** A publish that has not settled, for a UI that shows it as pending. */
export interface OutboxEntry {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  /** `written`: no answer yet · `failed`: of an earlier page, waits for `outbox.retry` or `discard`; `error` says why. */
  readonly state: 'waiting' | 'written' | 'failed';
  readonly error?: RealtimeError;
  /** ms since 1970, by the local clock. */
  readonly queuedAt: number;
}

// --- continuity ---

/** Messages may have been missed: refetch what matters. */
export interface Gap {
  readonly channel: string;
  readonly continuity: 'lost' | 'unknown';
  /** The position of the last message that was delivered before. */
  readonly since: Cursor | undefined;
  /** The position at which live messages begin again. */
  readonly until: Cursor | undefined;
  /** Messages of the hole that were found and are delivered. */
  readonly recovered: number;
  readonly reason: string;
}

/** The end of what was delivered: ask your own store for what came after it. */
export interface Since {
  /** The position of the last message that was delivered; else of the attach. */
  readonly cursor: Cursor | undefined;
  /** Of the last message that was delivered, where it had one. */
  readonly id: string | undefined;
  readonly serial: Serial | undefined;
  /** ms since 1970, by the service's clock. */
  readonly timestamp: number | undefined;
  readonly signal: AbortSignal;
}

/** A message that the app found for us. */
export type MissedMessage = Pick<Inbound, 'event' | 'data'> & Partial<Inbound>;

/** What `fetchSince` answers. */
export interface Missed {
  /** Oldest first; those that were delivered meanwhile may be among them. */
  readonly items: readonly MissedMessage[];
  /** Nothing is missing between the last message that was delivered and what is live now. */
  readonly complete: boolean;
}

// --- channel ---

/** Where a channel is. `attached`: the backend has confirmed it, and data flow. */
export type ChannelState = 'idle' | 'attaching' | 'attached' | 'suspended' | 'detached' | 'failed';

type EventName<Events> = keyof Events & string;
/** The union of all messages of a channel. */
export type AnyMessage<Events> = {
  [Name in EventName<Events>]: Message<Events[Name], Name>;
}[EventName<Events>];

/** One channel of a client. */
export interface Channel<
  Events = Record<string, unknown>,
  PresenceData = unknown,
  Sent extends { [Name in keyof Events]: unknown } = Events, // what is published: it differs where a schema transforms
  PresenceSent = PresenceData,
> {
  readonly name: string;
  readonly state: Store<ChannelState>;
  /** Why the channel is not attached; undefined while it is. */
  readonly error: RealtimeError | undefined;
  readonly capabilities: Capabilities;
  /** Listens, and attaches. An attach that fails goes to `onError` and to `state`. */
  on<Name extends EventName<Events>>(
    event: Name,
    fn: Listener<Events[Name], Name>,
    options?: ListenOptions,
  ): Unsubscribe;
  onAny(fn: (message: AnyMessage<Events>) => void, options?: ListenOptions): Unsubscribe;
  /** The next message of `event`. @throws {RealtimeError} aborted · closed */
  once<Name extends EventName<Events>>(
    event: Name,
    options?: { signal?: AbortSignal },
  ): Promise<Message<Events[Name], Name>>;
  /** Every message, as an async iterable; leaving the loop stops listening. */
  messages(options?: IterateOptions): AsyncIterableIterator<AnyMessage<Events>>;
  /** @throws {RealtimeError} outcome_unknown · outbox_full · expired · suspended · forbidden · payload_too_large … */
  publish<Name extends EventName<Events>>(
    event: Name,
    data: Sent[Name],
    options?: PublishOptions,
  ): Promise<Receipt>;
  history(options?: HistoryOptions): AsyncIterableIterator<Page<Events[EventName<Events>]>>;
  readonly presence: Presence<PresenceData, PresenceSent>;
  /** Keeps the channel attached until `detach()`, and resolves when data flows. */
  attach(options?: { signal?: AbortSignal }): Promise<void>;
  /** Undoes `attach()`. Where nothing else uses the channel it detaches, and this resolves when the backend has let go. */
  detach(): Promise<void>;
  onGap(fn: (gap: Gap) => void): Unsubscribe;
  onError(fn: (error: RealtimeError) => void): Unsubscribe;
}

/** What a channel must offer to be of use; checked when the channel is made. */
export interface Requirements {
  readonly ack?: AckLevel;
  readonly history?: true;
  readonly presence?: true;
  readonly rewind?: true;
  readonly resume?: true;
  /** A `Uint8Array` can be published. */
  readonly binary?: true;
}

/** What `channel(name, options)` takes. The first to name a channel decides `echo`. */
export interface ChannelOptions {
  readonly require?: Requirements;
  /** Whether own live messages come back to own listeners. @default true */
  readonly echo?: boolean;
  /**
   * Finds what was missed, in the app's own store, after an interruption that the backend cannot bridge; with it a gap is
   * repaired, and not told. @default the backend's history, where it has one
   */
  readonly fetchSince?: (since: Since) => Missed | Promise<Missed>;
}
