/**
 * What every part of one client shares: its settings with the defaults filled in, and the parts themselves.
 */
import type { Auth, RealtimeOptions } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { Channels } from './channels.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Adapter, Logger } from './contract.ts';
import { withDeadline } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import { RealtimeError } from './errors.ts';
import { randomName } from './identity.ts';
import type { Interception } from './interception.ts';
import { defaults, type Defaults } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { Rates } from './rates.ts';

export interface Context extends Defaults, Clock {
  readonly adapter: Adapter;
  readonly auth?: Auth;
  readonly clock: Clock;
  readonly random: () => number;
  readonly environment: Environment;
  readonly log: Logger;
  /** First part of every message id of this client. */
  readonly nonce: string;
  /** Proves to a backend that the nonce is ours. */
  readonly secret: string;
  readonly clientId?: string;
  readonly errors: Emitter<RealtimeError>;
  /** Tells the app; logs when nobody listens, so that no error is swallowed. */
  readonly report: (error: RealtimeError) => void;
  /** For code of the app that threw where it should not. */
  readonly onThrow: (error: unknown) => void;
  /** Runs an operation that ends at the latest after `timeoutMs`, or with the first signal. */
  readonly within: <Value>(
    what: string,
    signals: readonly (AbortSignal | undefined)[],
    run: (signal: AbortSignal) => Promise<Value> | Value,
    timeoutMs?: number,
  ) => Promise<Value>;
}

/** One client. Its parts find each other here. */
export interface Client extends Context {
  /** The attachments in use: kept alive, and told of the connection. */
  readonly active: Map<string, Attachment>;
  /** Those that something listens to without attaching. */
  readonly kept: Map<unknown, Attachment>;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly interception: Interception | undefined;
  readonly rates: Rates;
}

/** Timers hold 31 bits: `Infinity` and what is due later come after 24 days. */
const longestMs = 2 ** 31 - 1;

const consoleLog: Logger = (level, text, details) => {
  // eslint-disable-next-line no-console -- where nothing else is given
  if (level !== 'debug') console[level](`[anywire] ${text}`, ...(details ? [details] : []));
};

export function createContext(options: RealtimeOptions<Channels>): Context {
  const errors = new Emitter<RealtimeError>((error) =>
    context.log('error', 'a listener threw', { error }),
  );
  const report = (error: RealtimeError): void => {
    if (errors.size > 0) errors.emit(error);
    else context.log('error', error.message, { code: error.code, cause: error.cause });
  };
  // Whoever waits for a connection wants to know why there is none.
  const why = (): unknown => (context as Client).connection.error;
  const context: Context = {
    ...defaults,
    clock: systemClock,
    random: Math.random,
    environment: browserEnvironment,
    log: consoleLog,
    // An option that is undefined keeps its default.
    ...(Object.fromEntries(
      Object.entries(options).filter(([, value]) => value !== undefined),
    ) as typeof options),
    now: () => context.clock.now(),
    schedule: (fn, delayMs) => context.clock.schedule(fn, Math.min(delayMs, longestMs)),
    nonce: randomName(),
    secret: randomName(),
    errors,
    report,
    onThrow: (cause) => report(new RealtimeError('listener_failed', 'a listener threw', { cause })),
    within: (what, signals, run, timeoutMs = context.timeoutMs) =>
      withDeadline({ clock: context, timeoutMs, what, signals, why }, run),
  };
  return context;
}
