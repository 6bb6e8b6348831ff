/**
 * What an adapter's author gives to the conformance suite: adapters, credentials, and the faults that the
 * backend can be made to have.
 *
 * @see README.md for a worked example · suite.ts, which runs the cases
 */
import type { Adapter, Capabilities, Credentials, Defaults } from '@anywire/core';
import type { VirtualClock } from './clock.ts';

/** One client of a case. */
export interface ConformanceClient {
  /** 0 for the first client of the case. At most 4 clients in one case. */
  readonly index: number;
  /** Who it is; undefined for an anonymous one. */
  readonly clientId: string | undefined;
}

/** Whom a fault hits, and how hard. */
export interface FaultTarget {
  /** This client alone; undefined: all of them. */
  readonly client: ConformanceClient | undefined;
  /** The channel that `forbid` and `endChannel` mean. */
  readonly channel: string;
  /** What the fault counts: frames, publishes, bytes or ms. 0 for faults that count nothing. */
  readonly count: number;
}

/**
 * The connection:
 * - `drop` breaks it; the client may come back at once.
 * - `dropAfter` breaks it after `count` more frames have reached the client, or after about as many bytes.
 * - `refuse` breaks it and refuses new ones, until healed.
 * - `halfOpen`: connections stay and nothing moves any more, also on new ones, until healed.
 * - `sleep`: the client's machine stands still for `count` ms, and so does everything in it; its clock goes on.
 * - `forget`: the service restarts and has lost messages, members and epochs.
 *
 * Publishes:
 * - `holdAcks`: they arrive and are not answered, until the connection drops or is healed. Nothing else need arrive
 *   either.
 * - `delayAcks`: their answers come `count` ms later than they would, until healed. Everything else may, too.
 * - `loseAcks`: the next `count` arrive and are never answered; the connection works.
 * - `narrow`: the service takes `count` bytes of data at most, and says so to who connects, until healed; it breaks
 *   the connection of who sends more.
 *
 * Messages:
 * - `duplicate`: the next delivery of a message arrives twice.
 * - `reorder`: of the next 2 messages of a channel, which are of two senders, the second arrives first.
 *
 * Access:
 * - `refuseAuth`: every token is refused, also on new connections, until healed; existing connections drop.
 * - `expireTokens`: every token given so far has expired; connections end, and new tokens work.
 * - `forbid`: nobody may attach to, publish to or read `target.channel`.
 * - `endChannel`: the service ends `target.channel` for all who are attached; they may attach again.
 */
export type FaultName =
  | 'drop'
  | 'dropAfter'
  | 'refuse'
  | 'halfOpen'
  | 'sleep'
  | 'forget'
  | 'holdAcks'
  | 'delayAcks'
  | 'loseAcks'
  | 'narrow'
  | 'duplicate'
  | 'reorder'
  | 'refuseAuth'
  | 'expireTokens'
  | 'forbid'
  | 'endChannel';

/** What one case works with; made fresh for each. */
export interface ConformanceBackend {
  /** A fresh adapter. */
  adapter(client: ConformanceClient): Adapter;
  /** Settings of `createRealtime`, such as shortened time-outs. */
  readonly options?: Partial<Defaults>;
  /** Time, where all of the backend runs in it. */
  readonly clock?: VirtualClock;
  /** Undoes every fault. */
  heal?(): void | Promise<void>;
  /** Called after all clients were closed. */
  close?(): void | Promise<void>;
}

export interface ConformanceHarness<Backend extends ConformanceBackend = ConformanceBackend> {
  /** What the adapter declares: it chooses the cases. */
  readonly capabilities: Capabilities;
  /** A new backend, or a view of a shared one; channel names are unique to each case. */
  setup(): Backend | Promise<Backend>;
  /** Each fault, or the reason why the backend cannot be made to have it. */
  readonly faults: Readonly<
    Record<FaultName, string | ((backend: Backend, target: FaultTarget) => void | Promise<void>)>
  >;
  /**
   * Credentials that say who a client is, valid for `ttlMs`; or the reason why there are none. Without them a
   * client says by itself who it is.
   */
  readonly credentials:
    | string
    | ((
        backend: Backend,
        request: { readonly clientId: string | undefined; readonly ttlMs: number },
      ) => Credentials | Promise<Credentials>);
  /** Why there is one channel alone; cases that use others are left out. @default there are any number */
  readonly oneChannel?: string;
  /**
   * Cases that the service cannot pass by its nature, by their titles, each with the reason: for services that were not made
   * for this contract. One that would not be run anyway is an error.
   */
  readonly cannot?: Readonly<Record<string, string>>;
  /** How many cases are left out, so that none vanishes unseen. The suite prints which, and why. */
  readonly leftOut: number;
  /** A folder for the results as JSON. @default the variable ANYWIRE_CONFORMANCE_REPORTS; without it none are written */
  readonly reports?: string;
  /** Real time only: how long a case waits for anything, in ms. @default 5_000 */
  readonly waitMs?: number;
}
