/**
 * Every default, once. All times in ms.
 *
 * @see docs/semantics.md for why each value is what it is
 */

/** Settings of `createRealtime` that have a default. */
export interface Defaults {
  /** How long an unused channel stays attached. @default 2_500 */
  readonly lingerMs: number;
  /** Connect, attach, history, presence and auth; a publish once it is written. @default 10_000 */
  readonly timeoutMs: number;
  /** @default 500 */
  readonly outboxMessages: number;
  /** Bytes of data: as JSON, or as they are. @default 1_048_576 */
  readonly outboxBytes: number;
  /** From the call to the receipt of a publish that was never written. @default 60_000 */
  readonly outboxAgeMs: number;
  /** @default 'reject-new' */
  readonly outboxOverflow: 'reject-new' | 'drop-oldest';
  /** How many messages a repair may find, and how many wait for it; more is a gap. @default 1_000 */
  readonly repairMessages: number;
  /** A repair begins within this time, so that not all clients ask at once. @default 500 */
  readonly repairJitterMs: number;
  /** How long a message that came before an earlier one waits for it. @default 500 */
  readonly earlyMs: number;
  /** Upper bound of the first reconnect delay; doubles with each attempt. @default 500 */
  readonly reconnectMinMs: number;
  /** @default 20_000 */
  readonly reconnectMaxMs: number;
  /** Without a connection for this long, the state is `suspended`. @default 120_000 */
  readonly suspendAfterMs: number;
  /** Expected from a service that does not state its own. @default 25_000 */
  readonly heartbeatMs: number;
  /** Silence beyond the heartbeat that proves a half-open connection. @default 10_000 */
  readonly heartbeatSlackMs: number;
  /** How long before expiry a new token is fetched. @default 30_000 */
  readonly refreshBeforeMs: number;
  /** How long a member that was lost is still shown, where the backend has no grace of its own. @default 15_000 */
  readonly presenceGraceMs: number;
}

/** What an option is that is not given. */
// prettier-ignore
export const defaults: Defaults = {
  lingerMs: 2_500,          // StrictMode and route changes remount within it
  timeoutMs: 10_000,        // a person waits no longer
  outboxMessages: 500,      // a burst of typing survives a tunnel …
  outboxBytes: 1_048_576,
  outboxAgeMs: 60_000,      // … and a stale burst does not
  outboxOverflow: 'reject-new',
  repairMessages: 1_000,    // more is cheaper to refetch than to replay
  repairJitterMs: 500,
  earlyMs: 500,             // two writers, a store and a trigger, are seldom further apart
  reconnectMinMs: 500,      // no herd; back within seconds
  reconnectMaxMs: 20_000,
  suspendAfterMs: 120_000,  // the longest resume window of the managed services
  heartbeatMs: 25_000,      // proxies cut idle streams at 30 to 60 s
  heartbeatSlackMs: 10_000,
  refreshBeforeMs: 30_000,
  presenceGraceMs: 15_000,  // hides a reload, shows a leave
};
