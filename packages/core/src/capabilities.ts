/**
 * What a backend can do, as data: nobody compares `adapter.name`. Part of the adapter contract.
 *
 * @see contract.ts · docs/writing-an-adapter.md
 */

/** What a publish may prove, lowest first. */
export type AckLevel = 'none' | 'written' | 'accepted' | 'stored';

/** Whether a backend has a feature itself, its adapter emulates it, or it cannot be had. */
export type Support = 'native' | 'emulated' | 'none';

/** At most `max` operations in any `perMs` milliseconds, counted for one connection or one channel. */
export interface RateLimit {
  readonly max: number;
  readonly perMs: number;
  readonly scope: 'connection' | 'channel';
}

/** Rates that hold all at once; core waits so that none is exceeded. */
export interface RateLimits {
  readonly publish?: readonly RateLimit[];
  readonly presence?: readonly RateLimit[];
  readonly attach?: readonly RateLimit[];
}

/** What a backend can do, as JSON. The conformance suite holds the adapter to every line of it. */
export interface Capabilities {
  /** The highest level that a receipt can report. */
  readonly ack: AckLevel;
  /**
   * `serial`: one total order per channel, in which messages arrive · `overtaking`: serials without holes, but a
   * message may arrive before an earlier one · `sender`: order per sender only.
   */
  readonly order: 'serial' | 'overtaking' | 'sender' | 'none';
  /** `attached` is `confirmed` by the backend, or `assumed` because it answers nothing to a join. */
  readonly attach: 'confirmed' | 'assumed';
  /** Who reconnects: core opens a new session for each attempt, or the adapter's SDK does it by itself. */
  readonly reconnect: 'core' | 'adapter';
  readonly resume: { readonly support: Support; readonly windowMs: number };
  /** How long the backend remembers a publish by its id, in ms; 0 when a resend may be delivered twice. */
  readonly idempotencyWindowMs: number;
  /**
   * The backend takes the ids of an earlier client from a later one of the same `clientId`, as after a reload.
   *
   * @default false
   */
  readonly resendAfterReload?: boolean;
  readonly publish: {
    readonly maxBatch: number;
    readonly inFlight: number;
    /** Publishing needs an attachment; core then attaches for it. */
    readonly needsAttach: boolean;
  };
  readonly history: {
    readonly support: Support;
    /** The largest page. */
    readonly limit: number;
    readonly retentionMs: number;
    /** Pages can begin after the cursor of a message, and go forwards. */
    readonly after: boolean;
  };
  readonly rewind: Support;
  readonly presence: {
    readonly support: Support;
    /** Members can be watched without being one. */
    readonly watchOnly: boolean;
    readonly update: Support;
    /** Two instances of one client are two members. */
    readonly perInstance: boolean;
    /** How long the backend keeps a member whose connection broke, in ms; 0 when it does not: then core does. */
    readonly graceMs: number;
    /** `native`: the backend tells the count without the members; else core counts those that it watches. */
    readonly occupancy: Support;
    readonly maxMembers: number;
  };
  /** `native`: the backend delivers a sender's own messages back to it; `none`: core adds a local copy. */
  readonly echo: Support;
  /**
   * Whether the backend vouches for who sent a message, or passes on what the sender says of itself.
   *
   * @default 'verified'
   */
  readonly senders?: 'verified' | 'claimed';
  /** Bytes as data: `native` as they are, `emulated` as base64, which takes four bytes for three. */
  readonly binary: Support;
  /** The largest data: as UTF-8 bytes of JSON; bytes count as they travel. */
  readonly maxPayloadBytes: number;
  readonly limits: RateLimits;
  /**
   * The longest channel name that is sure to fit, in bytes of UTF-8; characters that the backend does not allow may count
   * more. A longer one is refused with `invalid`. @default 255
   */
  readonly maxNameLength?: number;
}

/**
 * What a service states when it answers, as a part of {@link Capabilities}: of both the lesser counts, so it can take
 * away (`history: { support: 'none' }`) and never give.
 */
export type Limits = {
  readonly [Name in Exclude<keyof Capabilities, 'order' | 'attach' | 'reconnect'>]?: Part<
    Capabilities[Name]
  >;
};

type Part<Value> = Value extends object ? Partial<Omit<Value, 'needsAttach'>> : Value;
