/** Every option of the backend kit, and every default, once. Times in ms. */
import type { ChannelDefinitions, Hooks } from '@anywire/server/kit';
import type { Clock, Engine, Log, Logger, Retention } from '@anywire/server/store';
import type { BackendEvent, Provider } from './provider.ts';

export interface BackendOptions extends Pick<Hooks, 'authenticate' | 'authorize' | 'onPublish'> {
  /** The service: `pusher({ … })` of `@anywire/backend/pusher`. */
  readonly provider: Provider;
  /** From `defineChannels`; other names are refused. @default every name is a private channel with history and presence */
  readonly channels?: ChannelDefinitions;
  /** Keeps messages: `memory()` of `@anywire/server/store`, `sqlite({ file })` of `@anywire/server/sqlite`. @default nothing is kept */
  readonly store?: Engine;
  /** Kept of channels with history. @default { size: 1_000, ttlMs: 86_400_000 } */
  readonly history?: Partial<Retention>;
  /** Where the handlers lie. @default '/realtime' */
  readonly path?: string;
  /** Origins of web pages that may ask. @default the host of the request itself */
  readonly origins?: readonly string[] | '*';
  /** Hears of verified webhooks. */
  readonly onEvent?: (event: BackendEvent) => unknown;
  /** How long a hook may take. @default 10_000 */
  readonly hookTimeoutMs?: number;
  /** How long the service may take. @default 8_000 */
  readonly sendTimeoutMs?: number;
  /** A function, or a logger with pino's interface. @default warnings and errors, to the console */
  readonly log?: Log | Logger;
  readonly clock?: Clock;
  /** @default Math.random */
  readonly random?: () => number;
}

// prettier-ignore
export const defaults = {
  path: '/realtime',
  hookTimeoutMs: 10_000,
  sendTimeoutMs: 8_000,       // less than what a client waits
  idempotencyWindowMs: 120_000,
  rememberedIds: 100_000,     // without a store
  pendingMessages: 10_000,    // stored, and not yet sent; what is more, clients find by their position
  retryMinMs: 500,
  retryMaxMs: 20_000,
  presenceUpdates: 10_000,
  bodyBytes: 1_048_576,
  batch: 100,
  tokenChannels: 200,
  closeMs: 5_000,
};
