/** Every option of the emulated Ably, every time and every limit, with the documented values of the service. */
import type { Clock } from '../clock.ts';

// prettier-ignore
export const defaultTimes = {
  connectionStateTtlMs: 120_000, // a connection can be resumed for so long
  maxIdleIntervalMs: 15_000,     // the longest silence of the service
  presenceGraceMs: 15_000,       // a member stays after its connection broke
  retentionMs: 120_000,          // of messages that are not persisted
  persistedMs: 86_400_000,       // of those in a persisted namespace
  idempotencyMs: 120_000,        // ids of publishes are known for so long
  tokenTtlMs: 3_600_000,         // when nobody asks for another one
  timestampSkewMs: 900_000,      // of a signed token request
};

// prettier-ignore
export const defaultLimits = {
  messageBytes: 65_536,
  frameBytes: 524_288,
  publishPerSecond: 50,          // of one connection, in messages
  channelsPerConnection: 200,
  membersPerChannel: 200,
  syncPage: 100,                 // members in one frame
  rewindMessages: 100,
};

export type AblyTimes = Readonly<typeof defaultTimes>;
export type AblyLimits = Readonly<typeof defaultLimits>;

/** Rules of the channels whose names begin with `id:`, or that are called `id`. */
export interface AblyNamespace {
  readonly id: string;
  /** Messages are kept for `persistedMs`. @default false */
  readonly persisted?: boolean;
  /** Messages can be changed. @default false */
  readonly mutableMessages?: boolean;
}

export const defaultNamespaces: readonly AblyNamespace[] = [
  { id: 'persisted', persisted: true },
  { id: 'mutable', mutableMessages: true },
];

export interface AblyOptions {
  /** `app.key:secret` each, with every right, or with a capability; keys of one app share their channels. */
  readonly keys: readonly (string | AblyKey)[];
  /** Of every app of `keys`. @default { id: 'persisted', persisted: true } and { id: 'mutable', mutableMessages: true } */
  readonly namespaces?: readonly AblyNamespace[];
  readonly times?: Partial<AblyTimes>;
  readonly limits?: Partial<AblyLimits>;
  readonly clock?: Clock;
  /** One line for each thing of note. @default nothing is logged */
  readonly log?: (text: string) => void;
}

export interface AblyKey {
  /** `app.key:secret` */
  readonly key: string;
  /** JSON, or an object. @default everything */
  readonly capability?: string | Readonly<Record<string, readonly string[]>>;
}
