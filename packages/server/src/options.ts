/**
 * Every option of the server, and every default, once. All times in ms.
 *
 * @see README.md, whose tables a test holds to this file
 */
import type { BinaryCodec } from '@anywire/protocol';
import type { ChannelDefinitions } from './channel-rules.ts';
import type { Clock } from './clock.ts';
import type { Engine, Retention } from './engine.ts';
import type { Hooks } from './hooks.ts';
import type { Limits } from './limits.ts';
import type { Log, Logger } from './log.ts';

export { defaultLimits, type Limits } from './limits.ts';

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
  /** Proxies whose `X-Forwarded-For` is believed: addresses, networks (`'10.0.0.0/8'`), `'unix'`. @default none */
  readonly trustedProxies?: readonly string[];
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
