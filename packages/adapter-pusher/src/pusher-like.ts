/**
 * What is used of `pusher-js`, as structures: its own declarations cannot be constructed under `nodenext`, and say `any` and
 * `Function` where it matters.
 *
 * @see https://pusher.com/docs/channels/using_channels/client-api-overview
 */

/** A `Channel` of `pusher-js`. */
export interface PusherChannelLike {
  readonly subscribed: boolean;
  trigger(event: string, data: unknown): boolean;
  bind(event: string, callback: (...heard: never[]) => void): unknown;
  unbind(event?: string, callback?: (...heard: never[]) => void): unknown;
  bind_global(callback: (event: string, data: never) => void): unknown;
  unbind_global(callback?: (event: string, data: never) => void): unknown;
}

/** A `Pusher` of `pusher-js`. */
export interface PusherLike {
  readonly connection: {
    readonly state: string;
    readonly socket_id: string;
    connect(): void;
    bind(event: string, callback: (...heard: never[]) => void): unknown;
    unbind(event?: string, callback?: (...heard: never[]) => void): unknown;
  };
  subscribe(channel: string): PusherChannelLike;
  /** What was subscribed to; else undefined. */
  channel(name: string): PusherChannelLike | undefined;
  unsubscribe(channel: string): void;
  send_event(event: string, data: unknown, channel?: string): boolean;
  connect(): void;
  disconnect(): void;
}

/** The class of `pusher-js`. */
export interface PusherClass {
  new (key: string, options: never): PusherLike;
  /** Every client that was ever made. */
  readonly instances?: unknown[];
}
