/**
 * What is used of `ably`, as structures: so that a client of any of its builds fits, `ably/modular` too, and our declarations load
 * none of its.
 *
 * @see https://ably.com/docs/pub-sub/api/javascript/realtime/client
 */

/** An `ErrorInfo`. */
export interface AblyErrorLike {
  readonly code?: number;
  readonly statusCode?: number;
  readonly message?: string;
  readonly cause?: unknown;
}

export interface AblyMessageLike {
  readonly id?: string;
  readonly name?: string;
  readonly data?: unknown;
  readonly clientId?: string;
  readonly connectionId?: string;
  readonly timestamp?: number;
  readonly extras?: unknown;
  readonly serial?: string;
  readonly action?: string;
  readonly version?: { readonly serial?: string };
}

export interface AblyMemberLike {
  readonly action?: string;
  readonly clientId: string;
  readonly connectionId: string;
  readonly data?: unknown;
}

export interface AblyPageLike {
  readonly items: AblyMessageLike[];
  hasNext(): boolean;
  next(): Promise<AblyPageLike | null>;
}

/** A `ChannelStateChange`, or a `ConnectionStateChange`. */
export interface AblyChangeLike {
  readonly current: string;
  readonly resumed?: boolean;
  readonly reason?: AblyErrorLike;
}

export interface AblyChannelLike {
  readonly state: string;
  /** Why it failed. */
  readonly errorReason?: AblyErrorLike | null;
  attach(): Promise<unknown>;
  detach(): Promise<unknown>;
  subscribe(...given: never[]): Promise<unknown>;
  unsubscribe(...given: never[]): void;
  publish(...given: never[]): Promise<{ readonly serials: readonly (string | null)[] } | undefined>;
  history(...given: never[]): Promise<AblyPageLike>;
  on(...given: never[]): unknown;
  off(...given: never[]): unknown;
  readonly presence: {
    enter(data?: unknown): Promise<unknown>;
    update(data?: unknown): Promise<unknown>;
    leave(): Promise<unknown>;
    get(): Promise<AblyMemberLike[]>;
    subscribe(...given: never[]): Promise<unknown>;
    unsubscribe(...given: never[]): void;
  };
}

/** A `Realtime`, or a `BaseRealtime`. */
export interface AblyLike {
  readonly auth: {
    readonly clientId: string;
    authorize(): Promise<{ readonly expires?: number }>;
  };
  readonly connection: {
    readonly state: string;
    readonly id?: string | null | undefined;
    connect(): void;
    ping(): Promise<number>;
    on(...given: never[]): unknown;
    off(...given: never[]): unknown;
  };
  readonly channels: {
    get(name: string): AblyChannelLike;
    release(name: string): void;
  };
  close(): void;
}

/** The class `Realtime` of `ably`. */
export type AblyClass = new (options: never) => AblyLike;
