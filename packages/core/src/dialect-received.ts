/**
 * What a server said, in our words: what a dialect's `receive` and `answer` make of its frames.
 *
 * @see dialect-spec.ts for the functions that make them · dialect-inbox.ts for what becomes of them
 */
import type { Serial } from './contract.ts';
import type { ErrorCode } from './errors.ts';

/** A message, as the server tells of it. */
export interface DialectMessage {
  /** Which kind of message it is. */
  readonly event: string;
  /** A JSON value. */
  readonly data: unknown;
  /** Needed where the dialect has neither `defaultChannel` nor `oneChannel`. */
  readonly channel?: string | undefined;
  /** Ours, where the server sends back what `publish` was given: an echo is known by it. */
  readonly id?: string | undefined;
  /** What the server numbers or names its messages by; never given twice in a channel. History and backlogs meet by it. */
  readonly serial?: Serial | undefined;
  /** ms since 1970, by the server's clock. */
  readonly timestamp?: number | undefined;
  /** Who sent it. */
  readonly clientId?: string | undefined;
  /** The connection that sent it, where the server names connections. */
  readonly connectionId?: string | undefined;
  /** The server has checked who sent it, and does not merely repeat what the sender claims. @default false */
  readonly verified?: boolean | undefined;
}

/** One who is present. */
export interface DialectMember {
  readonly clientId: string;
  /** Which tab or device, where the server tells them apart. @default the client id */
  readonly instanceId?: string | undefined;
  /** A JSON value. @default null */
  readonly data?: unknown;
}

/** Something of a channel; without a name as in {@link DialectMessage}. */
interface OfChannel {
  readonly channel?: string | undefined;
}

/** The connection works: see `ready` of the dialect. */
export interface ReadyReceived {
  readonly ready: true;
  /** Who the server says we are. */
  readonly clientId?: string | undefined;
  readonly connectionId?: string | undefined;
}

/** A join is confirmed: see `joined` of the dialect. */
export interface JoinedReceived {
  /** The channel; `true`: the one whose join waits longest. */
  readonly joined: string | true;
  /** The last messages, oldest first, where the server sends them at a join: see `backlog` of the dialect. */
  readonly backlog?: readonly DialectMessage[] | undefined;
}

/** A publish is taken: see `ack` of the dialect. */
export interface AckedReceived {
  /** Our id; `true`: the publish that is answered, or that waits longest. */
  readonly acked: string | true;
  readonly serial?: Serial | undefined;
  readonly timestamp?: number | undefined;
  /** The server had it already. */
  readonly duplicate?: boolean | undefined;
}

/** The server says no: to a publish (`id`), to a channel or for ever to one that was joined (`channel`), or to what `of` says. */
export interface RefusedReceived {
  /** `forbidden`, `auth_failed`, `rate_limited`, … */
  readonly refused: ErrorCode;
  /** For people. */
  readonly message?: string | undefined;
  readonly channel?: string | undefined;
  readonly id?: string | undefined;
  /** Where neither is named: the join or the publish that waits longest (of joins that nobody confirms: the last), or all. */
  readonly of?: 'join' | 'publish' | 'connection' | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** All who are present. */
export interface MembersReceived extends OfChannel {
  readonly members: readonly DialectMember[];
}

/** One came, or shows other data. */
export interface EnteredReceived extends OfChannel {
  readonly entered: DialectMember;
}

/** One went. */
export interface LeftReceived extends OfChannel {
  /** Or the client id. */
  readonly left: DialectMember | string;
  /** `left`: on purpose; `lost`: the connection broke. @default 'lost' */
  readonly reason?: 'left' | 'lost' | undefined;
}

/** Something is to be answered, such as a ping. */
export interface SendReceived<Out> {
  readonly send: Out;
}

/** One thing that a server said. */
export type Received<Out = unknown> =
  | DialectMessage
  | ReadyReceived
  | JoinedReceived
  | AckedReceived
  | RefusedReceived
  | MembersReceived
  | EnteredReceived
  | LeftReceived
  | SendReceived<Out>;

/** What `receive` answers: nothing is no concern of ours, and ignored. */
export type ReceivedAll<Out = unknown> = Received<Out> | readonly Received<Out>[] | undefined;
