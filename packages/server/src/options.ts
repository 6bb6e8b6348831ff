/**
 * Every option of the server, and every default, once. All times in ms.
 *
 * @see README.md, whose tables a test holds to this file
 */
import { defaultMaxDepth, type BinaryCodec } from '@anywire/protocol';
import type { ChannelDefinitions } from './channel-rules.ts';
import type { Clock } from './clock.ts';
import type { Engine, Retention } from './engine.ts';
import type { Hooks } from './hooks.ts';
import type { Log, Logger } from './log.ts';

/** What one client may cost. */
export interface Limits {
  /** One transport message from a client; at least 4/3 of `payloadBytes` + 4,096. Over it, a WebSocket closes with 1009. @default 131_072 */
  readonly frameBytes: number;
  /** The data of one message: as JSON, or bytes as they travel; over it, `payload_too_large`. @default 65_536 */
  readonly payloadBytes: number;
  /** Arrays and objects inside each other in one payload; over it, `invalid`. @default 64 */
  readonly depth: number;
  /** Attachments of one connection; over it, `limit_exceeded`. @default 256 */
  readonly channels: number;
  /** Members of one channel; over it, `limit_exceeded`. @default 5_000 */
  readonly members: number;
  /** The data of one member as JSON; over it, `payload_too_large`. @default 4_096 */
  readonly presenceBytes: number;
  /** What may wait for one client; over it, close 4001. @default 1_048_576 */
  readonly outboundBytes: number;
  /** From the upgrade to the `connect` frame; over it, close 4202. @default 10_000 */
  readonly connectTimeoutMs: number;
  /** Messages of one history page. @default 1_000 */
  readonly historyItems: number;
  /** Messages of one batch of the app's own backend; over it, `limit_exceeded`. @default 1_000 */
  readonly batchItems: number;
  /** The body of a batch over HTTP; over it, `payload_too_large`. @default 1_048_576 */
  readonly batchBytes: number;
}

// prettier-ignore
export const defaultLimits: Limits = {
  frameBytes: 131_072,      // a payload and its frame, with room for escapes
  payloadBytes: 65_536,
  depth: defaultMaxDepth,
  channels: 256,
  members: 5_000,
  presenceBytes: 4_096,
  outboundBytes: 1_048_576,
  connectTimeoutMs: 10_000,
  historyItems: 1_000,
  batchItems: 1_000,
  batchBytes: 1_048_576,    // it is in memory at once, as text and as values
};

export interface ServerOptions extends Hooks {
  /** Where all that is ours lies, of `fetch` and of `attach`. @default '/anywire' */
  readonly path?: string;
  /** Where channels live. @default memory() */
  readonly engine?: Engine;
  /** From `defineChannels`; other names are refused. @default every name is a channel, with history and presence */
  readonly channels?: ChannelDefinitions;
  readonly limits?: Partial<Limits>;
  /** What clients may speak besides JSON: `[messagePack()]` of `@anywire/server/messagepack`. @default [] */
  readonly codecs?: readonly BinaryCodec[];
  /** Kept of channels with history. @default { size: 1_000, ttlMs: 86_400_000 } */
  readonly history?: Partial<Retention>;
  /** Origins of web pages that may connect, compared exactly. @default the host of the request itself */
  readonly origins?: readonly string[] | '*';
  /** How often the server lets itself be heard. @default 25_000 */
  readonly heartbeatMs?: number;
  /** How long a member stays whose connection broke. @default 15_000 */
  readonly presenceGraceMs?: number;
  /** How long a hook may take. @default 10_000 */
  readonly hookTimeoutMs?: number;
  /** Opens the HTTP API to who has this key, or one of these. @default the HTTP API refuses everything */
  readonly serverKey?: string | readonly string[];
  /** A function, or a logger with pino's interface. @default warnings and errors, to the console */
  readonly log?: Log | Logger;
  readonly clock?: Clock;
}

// prettier-ignore
export const defaults = {
  path: '/anywire',
  history: { size: 1_000, ttlMs: 86_400_000 } as Retention, // a day: who comes back tomorrow sees today
  resume:  { size: 1_000, ttlMs: 120_000 } as Retention,    // channels without history: only for a resume
  heartbeatMs: 25_000,      // proxies cut idle streams at 30 to 60 s
  presenceGraceMs: 15_000,  // hides a reload, shows a leave
  pollLingerMs: 15_000,     // a client that polls is there, though between two polls it is not
  hookTimeoutMs: 10_000,    // a person waits no longer
  closeDeadlineMs: 5_000,   // what a client may take to answer a close
  closeSpreadMs: 2_000,     // who is told to go comes back within it, not all at once
};
