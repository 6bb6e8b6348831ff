/** One app: its connections, channels and users. What a test switches off or holds back is here, too. */
import type { Clock } from '../clock.ts';
import type { Connection, MemberData } from './connection.ts';
import { kindOf, type ChannelKind } from './names.ts';
import type { PusherApp, PusherLimits, PusherTimes, PusherVariant } from './options.ts';
import type { Webhooks } from './webhooks.ts';

/** What somebody is subscribed to, or what is kept. */
export interface Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly subscribers: Set<Connection>;
  /** Of a presence channel: by user id; the first connection's data count. */
  readonly members: Map<string, { readonly data: MemberData; readonly sockets: Set<Connection> }>;
  /** Of a cache channel: the last event, as it is sent. */
  cached: { readonly text: string; readonly untilMs: number } | undefined;
}

/** What a test may ask for: see `PusherControls`. */
export interface Faults {
  /** Handshakes that are still refused, and how. */
  refusals: { left: number; code: number };
  httpFailures: { left: number; status: number };
  isHolding: boolean;
  memberRemovalMs: number;
}

export interface App extends Required<Omit<PusherApp, 'webhooks'>> {
  readonly limits: PusherLimits;
  readonly times: PusherTimes;
  readonly variant: PusherVariant;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly connections: Map<string, Connection>;
  readonly channels: Map<string, Channel>;
  readonly users: Map<string, Set<Connection>>;
  readonly webhooks: Webhooks;
  log(text: string): void;
}

/** A channel; begins one that nobody uses yet. */
export function takeChannel(app: App, name: string): Channel {
  let channel = app.channels.get(name);
  if (!channel) {
    const kind = kindOf(name);
    channel = { name, kind, subscribers: new Set(), members: new Map(), cached: undefined };
    app.channels.set(name, channel);
  }
  return channel;
}

/** Forgets a channel that nobody uses and that keeps nothing. */
export function dropIfUnused(app: App, channel: Channel): void {
  if (channel.subscribers.size === 0 && channel.members.size === 0 && !cachedOf(app, channel))
    app.channels.delete(channel.name);
}

/** The event that a cache channel keeps, unless it is too old. */
export function cachedOf({ clock }: App, channel: Channel): string | undefined {
  if (channel.cached && channel.cached.untilMs <= clock.now()) channel.cached = undefined;
  return channel.cached?.text;
}
