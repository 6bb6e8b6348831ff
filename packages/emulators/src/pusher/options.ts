/**
 * What an emulated Pusher can be told, and every default, once.
 *
 * The numbers are the documented ones of the service; a test shortens times and lowers limits.
 *
 * @see ../../SOURCE.md, which says where each was read
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** One app, as the dashboard of the service has it. */
export interface PusherApp {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
  /** "Enable client events". @default true */
  readonly clientEvents?: boolean;
  /** "Enable subscription counting". @default false */
  readonly subscriptionCounting?: boolean;
  /** Connections are refused with 4003. @default true */
  readonly enabled?: boolean;
  /** Connections are refused with 4004 beyond it. @default Infinity */
  readonly maxConnections?: number;
  /** A connection that has not signed in, nor subscribed to what needs a signature, within `times.authorizeMs` is closed with 4009. @default false */
  readonly authorizedConnections?: boolean;
  readonly webhooks?: readonly PusherWebhook[];
}

/** Where the app hears of what happens. */
export interface PusherWebhook {
  readonly url: string;
  /** @default all of them */
  readonly events?: readonly WebhookEventName[];
}

export type WebhookEventName =
  | 'channel_occupied'
  | 'channel_vacated'
  | 'member_added'
  | 'member_removed'
  | 'client_event'
  | 'cache_miss'
  | 'subscription_count';

/** Times, in ms. */
export interface PusherTimes {
  /** What the server tells clients: after so much silence they ping. */
  readonly activityMs: number;
  /** Within it a ping of the server is answered, or the connection is closed with 4201. */
  readonly pongMs: number;
  /** A connection that says nothing for so long, although it answers pings, is closed with 4202. */
  readonly inactivityMs: number;
  /** See `PusherApp.authorizedConnections`. */
  readonly authorizeMs: number;
  /** How far the timestamp of a signed request may be off. */
  readonly clockSkewMs: number;
  /** How long a cache channel keeps its last event. */
  readonly cacheMs: number;
  /** How long leaves are held back before a webhook tells them. */
  readonly webhookLeaveMs: number;
  /** How long a webhook that fails is tried again. */
  readonly webhookRetryMs: number;
  /** Before the first try of it; it doubles. */
  readonly webhookBackoffMs: number;
  /** How long the others are told that a member is still there, after it left. */
  readonly memberRemovalMs: number;
}

export interface PusherLimits {
  readonly eventBytes: number;
  readonly clientEventBytes: number;
  readonly eventNameLength: number;
  readonly channelNameLength: number;
  readonly channelsPerTrigger: number;
  readonly batchSize: number;
  readonly clientEventsPerSecond: number;
  readonly presenceMembers: number;
  readonly userInfoBytes: number;
  readonly userIdLength: number;
  readonly watchlistLength: number;
  /** What a client that does not read may leave unread before it is dropped. */
  readonly outboundBytes: number;
}

/**
 * Where servers of this protocol differ: `pusher` as the service does it; `soketi` as self-hosted servers of that family do: a
 * refused subscription is told in its channel (`pusher:subscription_error`), a trigger answers `{ "ok": true }`.
 */
export type PusherVariant = 'pusher' | 'soketi';

export interface PusherOptions {
  readonly apps: readonly PusherApp[];
  /** @default 'pusher' */
  readonly variant?: PusherVariant;
  readonly times?: Partial<PusherTimes>;
  readonly limits?: Partial<PusherLimits>;
  /** The clients of this server must use TLS: else they are closed with 4000. @default false */
  readonly tlsOnly?: boolean;
  /** One line for each thing of note. @default nothing is logged */
  readonly log?: (text: string) => void;
  readonly clock?: Clock;
  /** How webhooks are sent. @default the global fetch */
  readonly fetch?: typeof fetch;
  /** The two numbers of a socket id. @default random */
  readonly socketId?: () => string;
}

// prettier-ignore
export const defaultTimes: PusherTimes = {
  activityMs: 120_000,
  pongMs: 30_000,
  inactivityMs: 86_400_000,  // 4202: 24 hours
  authorizeMs: 30_000,
  clockSkewMs: 600_000,
  cacheMs: 1_800_000,
  webhookLeaveMs: 3_000,     // "delayed up to three seconds"
  webhookRetryMs: 300_000,   // "retried for five minutes"
  webhookBackoffMs: 1_000,
  memberRemovalMs: 0,
};

// prettier-ignore
export const defaultLimits: PusherLimits = {
  eventBytes: 10_240,
  clientEventBytes: 10_240,
  eventNameLength: 200,
  channelNameLength: 164,
  channelsPerTrigger: 100,
  batchSize: 10,
  clientEventsPerSecond: 10,
  presenceMembers: 100,
  userInfoBytes: 1_024,
  userIdLength: 128,
  watchlistLength: 100,
  outboundBytes: 16_777_216,
};

/** Two numbers with a dot between them, as server libraries check it. */
export const randomSocketId = (): string => `${randomInt(1, 1_000_000)}.${randomInt(1, 1e9)}`;
