/** What every part of one client shares. Made once by `createRealtime`. */
import type { Clock } from './clock.ts';
import type { Adapter, Logger } from './contract.ts';
import type { Environment } from './environment.ts';
import type { RealtimeError } from './errors.ts';
import type { Defaults } from './options.ts';

export interface Context extends Defaults {
  readonly adapter: Adapter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Environment;
  readonly log: Logger;
  /** First part of every message id of this client. */
  readonly nonce: string;
  readonly clientId: string | undefined;
  /** Tells the app; logs when nobody listens, so that no error is swallowed. */
  readonly report: (error: RealtimeError) => void;
  /** For code of the app that threw where it should not. */
  readonly onThrow: (error: unknown) => void;
  /** Runs an operation that ends at the latest after `timeoutMs`, or with the first signal. */
  readonly within: <Value>(
    what: string,
    signals: readonly (AbortSignal | undefined)[],
    run: (signal: AbortSignal) => Promise<Value>,
  ) => Promise<Value>;
}
