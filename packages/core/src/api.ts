/**
 * What an app sees of a client. A channel is described in `channel-api.ts`. The implementation is spread over the files
 * named in docs/architecture.md; nothing here has behaviour.
 */
import type {
  Channel,
  ChannelOptions,
  OutboxEntry,
  Requirements,
  Unsubscribe,
} from './channel-api.ts';
import type {
  ChannelDefinition,
  ChannelName,
  Channels,
  DefinitionOf,
  EventsOf,
  PresenceOf,
} from './channels.ts';
import type { Clock } from './clock.ts';
import type { Adapter, Credentials, Logger } from './contract.ts';
import type { Environment } from './environment.ts';
import type { RealtimeError } from './errors.ts';
import type { Interceptors } from './interception.ts';
import type { Defaults } from './options.ts';
import type { Store } from './store.ts';

export type * from './channel-api.ts';

// --- connection ---

/** Where the connection is. What each state means for a call: docs/semantics.md#connection. */
export type ConnectionState =
  'idle' | 'connecting' | 'connected' | 'reconnecting' | 'suspended' | 'closed' | 'failed';

/** The tie to the backend. */
export interface Connection {
  readonly state: Store<ConnectionState>;
  /** Why the connection is not there; undefined while connected. */
  readonly error: RealtimeError | undefined;
  readonly id: string | undefined;
  /** Who the service says we are. */
  readonly clientId: string | undefined;
  /** Starts connecting and resolves when connected. @throws {RealtimeError} auth_denied · closed · aborted */
  connect(options?: { signal?: AbortSignal }): Promise<void>;
}

// --- realtime ---

/** Why the app is asked for credentials. */
export interface AuthContext {
  readonly reason: 'connect' | 'expiring' | 'refused' | 'channel';
  readonly channel?: string;
  readonly connectionRef?: string | undefined;
  readonly presence?: boolean;
  readonly signal: AbortSignal;
}

/** Answers with a token. Throw `new RealtimeError('auth_denied', …)` to give up; anything else is tried again. */
export type Auth = (context: AuthContext) => string | Credentials | Promise<string | Credentials>;

/** What `createRealtime` takes; beside these, everything in {@link Defaults}. */
export interface RealtimeOptions<Defined extends Channels = Channels> extends Partial<Defaults> {
  readonly adapter: Adapter;
  /** From `defineChannels`. Without it, names, events and payloads are unchecked. */
  readonly channels?: Defined;
  readonly auth?: Auth;
  /** From `intercept`: what happens to messages on their way out and in. @default none */
  readonly interceptors?: Interceptors;
  /** Who we are, where no token says so. */
  readonly clientId?: string;
  /** Keeps what waits over a reload of the page. @default the outbox lives as long as the client */
  readonly outboxStore?: OutboxStore;
  /** @default warnings and errors to the console */
  readonly log?: Logger;
  /** @default the system's */
  readonly clock?: Clock;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Network and page hints. @default the browser's, where there is one */
  readonly environment?: Environment;
}

/** What waits, and what the app can do about it. */
export interface OutboxView {
  readonly entries: Store<readonly OutboxEntry[]>;
  /** Sends what failed after a reload again. What was written before may then be delivered twice. */
  retry(entry: Pick<OutboxEntry, 'id' | 'channel'>): void;
  /** Gives an entry up; its promise, where this page made it, rejects with `aborted`. What was written may still arrive. */
  discard(entry: Pick<OutboxEntry, 'id' | 'channel'>): void;
}

/** Keeps the outbox over a reload. Made by `persist` of `@anywire/core/persist`; what it does is between it and core. */
export interface OutboxStore {
  readonly open: (...parts: never) => unknown;
}

/** A channel with the types of its definition. */
export type ChannelOf<Definition extends ChannelDefinition> = Channel<
  EventsOf<Definition>,
  PresenceOf<Definition>,
  EventsOf<Definition, 'input'>,
  PresenceOf<Definition, 'input'>
>;

type Feature = keyof Omit<Requirements, 'ack'>;

/** A client for one backend. */
export interface Realtime<Defined extends Channels = Channels> {
  readonly connection: Connection;
  /** The same object for the same name. Costs nothing until it is used. @throws {RealtimeError} invalid · unsupported */
  channel<Name extends ChannelName<Defined>>(
    name: Name,
    options?: ChannelOptions,
  ): string extends keyof Defined ? Channel : ChannelOf<DefinitionOf<Defined, Name>>;
  supports(feature: Feature): boolean;
  readonly outbox: OutboxView;
  onError(fn: (error: RealtimeError) => void): Unsubscribe;
  /** The vendor's client, once connected. */
  native<Client>(): Client | undefined;
  /** Settles everything. @param options.flushMs how long publishes that wait may still be sent. @default 0 */
  close(options?: { flushMs?: number }): Promise<void>;
}
