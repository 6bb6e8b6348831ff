/**
 * The hook for what happens to messages between the app and the backend: encryption, chunking, tracing. Types alone: what
 * runs interceptors is an entry point of its own (`intercept.ts`), so that an app without them does not pay for it.
 *
 * @see docs/semantics.md#interceptors · intercept.ts
 */
import type { ConnectionState } from './api.ts';
import type { Gap, Receipt } from './channel-api.ts';
import type { Clock } from './clock.ts';
import type { Inbound, Outbound } from './contract.ts';
import type { RealtimeError } from './errors.ts';

/** An answer, at once or later. */
export type MaybePromise<Value> = Value | Promise<Value>;

// --- what an interceptor is ---

/** A message on its way out, before it is written. `data` are JSON values, or bytes, that nobody else holds. */
export type Outgoing = Pick<Outbound, 'id' | 'event' | 'data' | 'extras' | 'volatile'>;

/** Where a message is going. */
export interface OutboundContext {
  readonly channel: string;
  /** What the channel can take at once. */
  readonly maxPayloadBytes: number;
  readonly clock: Clock;
}

/** Where messages come from, in order: one attachment of a channel, or one reading of its history. */
export interface InboundContext {
  readonly channel: string;
  /** They come by themselves; false: in pages that somebody reads. */
  readonly isLive: boolean;
  /** Fires when no more will come. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Tells the app of what goes wrong later. */
  readonly report: (error: RealtimeError) => void;
}

/** What it makes of one item: one, several in its place, or nothing (yet). */
export type Made<Item> = Item | readonly Item[] | undefined;

/** One that throws rejects the publish; or drops the message, and the app is told why. */
export interface Interceptor {
  /** Several are sent in this order, and the first one keeps the id. */
  outbound?(
    message: Outgoing,
    context: OutboundContext,
  ): MaybePromise<Outgoing | readonly Outgoing[]>;
  /** Called in the order of arrival: the next message waits for the answer. */
  inbound?(message: Inbound, context: InboundContext): MaybePromise<Made<Inbound>>;
  /** The last page was read. */
  onEnd?(context: InboundContext): void;
  /** Called with each publish, whatever becomes of it. */
  onPublish?(message: Published, receipt: Promise<Receipt>): void;
  /** Called at once, and at each change. */
  onState?(state: ConnectionState): void;
  onGap?(gap: Gap): void;
}

/** What was published, without its data. */
export interface Published {
  readonly channel: string;
  readonly event: string;
}

// --- what core asks of the one who runs them ---

/** What `createRealtime({ interceptors })` takes; made by `intercept`. */
export type Interceptors = (host: InterceptionHost) => Interception;

/** The client. */
export interface InterceptionHost {
  readonly clock: Clock;
  readonly onThrow: (error: unknown) => void;
  readonly within: <Value>(
    what: string,
    signals: readonly (AbortSignal | undefined)[],
    run: (signal: AbortSignal) => MaybePromise<Value>,
  ) => Promise<Value>;
}

/** A channel, as what is sent sees it. */
export interface SendingChannel {
  readonly name: string;
  nextId(): string;
}

/** A channel, as what comes in sees it. */
export interface ReceivingChannel {
  readonly name: string;
  report(error: RealtimeError): void;
}

/** What a publish needs to go on. */
export interface Departure {
  readonly maxPayloadBytes: number;
  /** End it. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** @throws {RealtimeError} invalid · payload_too_large */
  readonly toOutbound: (message: Outgoing) => Outbound;
  /** @param isWhole - it is all of the publish, and no part of it */
  readonly send: (
    message: Outbound,
    signal: AbortSignal,
    isWhole: boolean,
  ) => MaybePromise<Receipt>;
}

/** Interceptors at work for one client. */
export interface Interception {
  /** Undefined: none of them changes what is sent. */
  readonly publish:
    | ((channel: SendingChannel, message: Outgoing, departure: Departure) => Promise<Receipt>)
    | undefined;
  /** Resolves when no publish is with an interceptor. */
  settled(): Promise<unknown>;
  inlet(channel: ReceivingChannel, isLive: boolean): Inlet;
  onPublish(message: Published, receipt: Promise<Receipt>): void;
  onState(state: ConnectionState): void;
  onGap(gap: Gap): void;
}

/** What the messages of one attachment, or of one reading of history, pass in order. */
export interface Inlet {
  /** Delivers what `inbound` turns out to be. */
  open(inbound: Inbound, deliver: (inbound: Inbound) => void): void;
  /** Calls `task` when all that came before is through, and says whether it ended meanwhile. */
  after(task: (isOver: boolean) => void): void;
  /** No more will come. @param isWhole the last page was read */
  end(isWhole?: boolean): void;
}
