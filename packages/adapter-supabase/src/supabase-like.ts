/**
 * What is used of `@supabase/realtime-js`, as structures: so that a client of any build fits, and our declarations load none of its.
 *
 * @see https://supabase.com/docs/reference/javascript/subscribe
 */

/** What one client shows, and a reference that changes with it. */
export interface PresenceLike {
  readonly presence_ref: string;
}

/** A `RealtimeChannel`. */
export interface ChannelLike {
  readonly state: string;
  on(...given: never[]): unknown;
  subscribe(callback?: (status: string, error?: Error) => void): unknown;
  send(...given: never[]): Promise<string>;
  track(shown: Record<string, unknown>): Promise<string>;
  untrack(): Promise<string>;
  presenceState(): Record<string, PresenceLike[]>;
}

/** `[ref, callback]` each. */
type Callbacks = unknown[];

/** A `RealtimeClient`. */
export interface RealtimeLike {
  readonly heartbeatIntervalMs: number;
  /** Lists that the client runs through when its socket opens, hears something, or closes. */
  readonly stateChangeCallbacks: {
    readonly open: Callbacks;
    readonly message: Callbacks;
    readonly error: Callbacks;
    readonly close: Callbacks;
  };
  connect(): void;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  setAuth(token?: string | null): Promise<void>;
  sendHeartbeat(): Promise<void>;
  channel(topic: string, options?: object): ChannelLike;
  getChannels(): readonly { readonly topic: string }[];
  removeChannel(channel: never): Promise<unknown>;
}

/** A `SupabaseClient`. */
export interface SupabaseLike {
  readonly realtime: RealtimeLike;
}

/** The class `RealtimeClient`. */
export type RealtimeClass = new (endpoint: string, options: never) => RealtimeLike;
