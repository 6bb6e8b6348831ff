/**
 * One conformance case, as data, and what it works with. Cases assert through core's public API alone.
 *
 * @see cases/ · case-context.ts
 */
import type {
  AuthContext,
  Capabilities,
  Channel,
  Channels,
  ChannelOptions,
  Credentials,
  Defaults,
  ErrorCode,
  Interceptors,
  Message,
  OutboxStore,
  Realtime,
  RealtimeError,
  Store,
} from '@anywire/core';
import type { ConformanceClient, FaultName } from './harness.ts';
import type { Collected } from './wait.ts';

export interface ConformanceCase {
  /** A sentence that says what must hold. */
  readonly title: string;
  /** The capabilities that the promise is about. @default it holds for every adapter */
  readonly needs?: (capabilities: Capabilities) => boolean;
  /** What the backend must be made to suffer. */
  readonly faults?: readonly FaultName[];
  /** The case is about credentials. */
  readonly credentials?: true;
  /** The case uses channels beside its own. */
  readonly otherChannels?: true;
  run(context: CaseContext): Promise<void>;
}

/** How a case wants a client to be. */
export interface ClientOptions extends Partial<Omit<Defaults, 'timeoutMs'>> {
  /** Keeps its outbox. */
  readonly outboxStore?: OutboxStore;
  readonly channels?: Channels;
  readonly interceptors?: Interceptors;
  /** How long its credentials are valid, in ms. @default 3_600_000 */
  readonly ttlMs?: number;
  /** Stands in for the app's callback; `usual` makes good credentials. */
  readonly auth?: (
    question: AuthContext,
    usual: () => Promise<Credentials>,
  ) => Promise<Credentials | string>;
}

/** A client of a case. */
export interface TestClient extends ConformanceClient {
  readonly realtime: Realtime;
  /** What `realtime.onError` reported. A case that expects errors takes them out; others fail by them. */
  readonly errors: RealtimeError[];
  /** Why the app was asked for credentials, in order. */
  readonly asked: Collected<string>;
  /** The case's own channel. */
  channel(options?: ChannelOptions): Channel;
}

/** What a case works with. */
export interface CaseContext {
  readonly capabilities: Capabilities;
  /** The name of the case's own channel. */
  readonly name: string;
  /** The name of another channel of the case. */
  other(suffix: string): string;
  /** A new client with an adapter of its own. @param clientId null: anonymous. @default 'ann', 'bob', 'cat', 'dan' */
  client(clientId?: string | null, options?: ClientOptions): TestClient;
  /** Makes the backend suffer. */
  fault(
    name: FaultName,
    target?: { readonly client?: TestClient; readonly channel?: string; readonly count?: number },
  ): Promise<void>;
  /** Undoes all faults. */
  heal(): Promise<void>;
  /** ms, by the backend's clock where it has one: to measure how long something takes. */
  now(): number;
  /** A promise that is waited for later: should the case fail before, its rejection is no news. */
  later<Value>(promise: Promise<Value>): Promise<Value>;
  /** Waits for a promise, but not for ever. */
  wait<Value>(promise: Promise<Value>, what?: string): Promise<Value>;
  /** Waits until a store holds such a value. */
  until<Value>(
    store: Store<Value>,
    test: ((value: Value) => boolean) | Value,
    what?: string,
  ): Promise<Value>;
  /** Waits for a promise that must reject, and gives the code. */
  code(promise: Promise<unknown>): Promise<ErrorCode>;
  /** Interrupts channels by `act`, and waits until each was away and is attached again. */
  comeBack(rooms: readonly Channel[], act: () => Promise<void>): Promise<void>;
  collect<Item>(what: string): Collected<Item>;
  /** Listens to every event of the client's channel, and waits until it is attached. */
  listen(client: TestClient, channel?: Channel): Promise<Collected<Message>>;
}

/** The data of messages, in order: what most cases compare. */
export const dataOf = (messages: readonly Message[]): unknown[] => messages.map(({ data }) => data);

/** `[1, …, count]` */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
