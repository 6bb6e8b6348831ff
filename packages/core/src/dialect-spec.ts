/**
 * What a dialect is made of: how one server that knows nothing of us is spoken to, as data and small functions.
 *
 * @see docs/existing-servers.md · dialect.ts for `defineDialect` · dialect-check.ts for what is refused
 */
import type { AckLevel, Capabilities, Credentials } from './contract.ts';
import type {
  DialectMember,
  DialectMessage,
  Received,
  ReceivedAll,
  RefusedReceived,
} from './dialect-received.ts';

/** What a dialect is spoken on. */
export type DialectTransport = 'ws' | 'sse' | 'socketio';

/** An event of an event stream. */
export interface SseEvent {
  /** `message` where the server names none. */
  readonly event: string;
  /** What its JSON holds; where it is none, the text. */
  readonly data: unknown;
  readonly id?: string;
}

/** A request beside the stream. Its HTTP answer is the reply; a status of 400 or more refuses. */
export interface SseRequest {
  /** Resolved against the URL of the stream. */
  readonly path: string;
  /** @default 'POST' */
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event with its arguments. */
export type SocketEvent = readonly [event: string, ...args: unknown[]];

/** What comes in. On a WebSocket: any JSON value, and text that is none as it is. */
export interface DialectIncoming {
  readonly ws: unknown;
  readonly sse: SseEvent;
  readonly socketio: SocketEvent;
}

/** What goes out. On a WebSocket: any JSON value. */
export interface DialectOutgoing {
  readonly ws: unknown;
  readonly sse: SseRequest;
  readonly socketio: SocketEvent;
}

/**
 * What is said: one frame, a list of frames (on a WebSocket any array is a list, so a frame that is an array itself goes
 * into one), or `[]`: nothing has to be said.
 */
export type Saying<On extends DialectTransport> =
  DialectOutgoing[On] | readonly DialectOutgoing[On][] | readonly [];

/** What is known of this connection. */
export interface DialectContext {
  /** Who we are: by the server, else by the credentials, else by `createRealtime({ clientId })`. */
  readonly clientId: string | undefined;
  /** Where the server names connections: a `socket.id`, or what `ready` said. */
  readonly connectionId: string | undefined;
  /** Names this tab or device; survives reconnects. */
  readonly instanceId: string;
  /** What the app's `auth` answered; `{}` without one. */
  readonly credentials: Credentials;
  /** Joined, or asked to be. */
  readonly channels: readonly string[];
  /** What the dialect wants to remember of this connection. Empty on a new one. */
  readonly memory: Map<string, unknown>;
}

/** A message to be sent. */
export interface DialectPublish {
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  /** Send it along where the server keeps what it does not know: see {@link DialectMessage.id}. */
  readonly id: string;
  /** It may be dropped. */
  readonly volatile: boolean;
}

/** What an answer answers: to an event with an acknowledgement, or to a request. */
export interface DialectQuestion {
  readonly to: 'connect' | 'join' | 'publish' | 'presence';
  readonly channel?: string;
  /** Of a publish. */
  readonly id?: string;
}

/** How a wire ended, or why it could not be opened. */
export interface DialectEnd {
  /** `on: 'ws'`: the close code · `on: 'sse'`: the HTTP status. */
  readonly code?: number | undefined;
  /** What was said for it; may be empty. */
  readonly reason: string;
  /** `on: 'socketio'`: what the server's middleware gave as `data` of its error. */
  readonly detail?: unknown;
}

/** What goes with opening the wire. */
export interface Handshake {
  /** Added to the URL, where logs may keep it. */
  readonly query?: Readonly<Record<string, string>>;
  /** `on: 'sse'`. @default the token, as `authorization: Bearer …` */
  readonly headers?: Readonly<Record<string, string>>;
  /** `on: 'ws'`: subprotocols. */
  readonly protocols?: readonly string[];
  /** `on: 'socketio'`: what the server reads as `socket.handshake.auth`. @default `{ token }` */
  readonly auth?: Readonly<Record<string, unknown>>;
}

/** How presence goes. A server that never sends who all is there has none: let its joins be events. */
export interface DialectPresence<On extends DialectTransport> {
  /** Absent: whoever joins is present; then nobody can watch without being a member. */
  enter?(channel: string, data: unknown, context: DialectContext): Saying<On> | undefined;
  /** Absent: members cannot change their data. */
  update?(channel: string, data: unknown, context: DialectContext): Saying<On> | undefined;
  /** Absent: who is in a channel is present, and leaving is `unsupported`. */
  leave?(channel: string, context: DialectContext): Saying<On> | undefined;
  /** Asks for all members. Absent: the server sends them by itself after a join. */
  list?(channel: string, context: DialectContext): Saying<On> | undefined;
  /** Two tabs of one client are two members, by {@link DialectMember.instanceId}. @default false */
  readonly perInstance?: boolean;
  /** How long the server keeps who was lost, in ms. @default 0: then core does */
  readonly graceMs?: number;
  /** @default 1_000 */
  readonly maxMembers?: number;
}

/** What of a channel's past is wanted. */
export interface DialectHistoryQuery {
  /** At most so many. */
  readonly limit: number;
  /** Only what is older than the message with this `serial` (where it has none: `id`). Undefined: the newest. */
  readonly before: string | undefined;
  readonly signal: AbortSignal;
}

/** Ways to prove that a publish was taken. */
export interface DialectAck {
  /** What it proves. `stored`: the history has it, too. */
  readonly level: Extract<AckLevel, 'accepted' | 'stored'>;
  /**
   * `reply`: the acknowledgement of the event, or the answer to the request · `frame`: `receive` answers `acked` ·
   * `echo`: the message comes back, by its `id` or by `own`.
   */
  readonly by: 'reply' | 'frame' | 'echo';
  /** The events that are acknowledged; others are `written`. @default all */
  readonly events?: readonly string[];
}

/** A server's way to speak. Functions that throw end nothing: the app is told, by name. */
export interface DialectSpec<On extends DialectTransport = DialectTransport> {
  /** For texts: errors name it. */
  readonly name: string;
  readonly on: On;

  // --- the connection ---
  /** What goes with opening the wire. */
  handshake?(context: DialectContext): Handshake;
  /** What is said first, such as who we are. */
  connect?(context: DialectContext): Saying<On> | undefined;
  /**
   * How the server says that it can be used: a `reply` to the last frame of `connect`, or a `frame` of which `receive`
   * makes `ready`. Absent: it can be used when it is open.
   */
  readonly ready?: 'frame' | 'reply';
  /** What an end means that is more than a broken connection, such as a close code for a token that is refused. */
  closed?(end: DialectEnd, context: DialectContext): RefusedReceived | undefined;
  /** What any server answers at once, to see whether it still does. */
  ping?(context: DialectContext): Saying<On>;
  /** The server says something at least this often, in ms. @default 0: it may be silent for long */
  readonly heartbeatMs?: number;

  // --- channels ---
  /** Absent: the server joins by itself. Undefined: there is no such channel here. */
  join?(channel: string, context: DialectContext): Saying<On> | undefined;
  /**
   * How the server confirms a join: by a `reply` to the last frame of `join`, or by a `frame` of which `receive` makes
   * `joined`. Absent: it does not. Where `join` is `[]` there is nothing to confirm.
   */
  readonly joined?: 'frame' | 'reply';
  /** Absent: what comes after a detach is dropped here. */
  leave?(channel: string, context: DialectContext): Saying<On> | undefined;
  /** What names no channel belongs to this one. Without `join` it is the only one. */
  readonly defaultChannel?: string;
  /** What comes in names no channel: only one can be attached at a time. @default false */
  readonly oneChannel?: boolean;
  /** At a join the server sends the last messages, at most so many: `backlog` of `joined`. @default 0 */
  readonly backlog?: number;

  // --- messages ---
  /** Absent: nothing can be sent. Undefined: not this event. */
  publish?(message: DialectPublish, context: DialectContext): Saying<On> | undefined;
  /** Absent: a publish proves no more than that it was written. */
  readonly ack?: DialectAck;
  /** Whether the server sends a message to its sender, too. Needed with `publish`. */
  readonly echo?: boolean;
  /** Who publishes must have joined. @default true where there is a `join` */
  readonly needsJoin?: boolean | ((channel: string) => boolean);
  /** Whether a message without our id is one that this very connection sent; the oldest of its event it is then. */
  own?(message: DialectMessage, context: DialectContext): boolean;
  /** What a frame says; undefined: nothing to us. */
  receive(frame: DialectIncoming[On], context: DialectContext): ReceivedAll<DialectOutgoing[On]>;
  /** What a reply says: all arguments of an acknowledgement, as an array, or the body of an HTTP answer. Absent: yes. */
  answer?(
    reply: unknown,
    question: DialectQuestion,
    context: DialectContext,
  ): ReceivedAll<DialectOutgoing[On]>;
  /** The last messages, oldest first, such as a REST call finds them. Absent: there is no history. */
  history?(
    channel: string,
    query: DialectHistoryQuery,
    context: DialectContext,
  ): Promise<readonly DialectMessage[]>;
  readonly presence?: DialectPresence<On>;

  // --- what the server bears ---
  /** Bytes of data, as JSON. @default 65_536 */
  readonly maxPayloadBytes?: number;
  /** `sender`: what one sender says arrives in its order. @default 'sender' */
  readonly order?: 'sender' | 'none';
  /** How long the server knows our ids, so that one that comes again is not delivered again, in ms. @default 0 */
  readonly idempotencyWindowMs?: number;
  /** Rates that the server enforces; core waits. @default none */
  readonly limits?: Capabilities['limits'];

  // --- a WebSocket's messages ---
  /** `on: 'ws'`. @default JSON */
  encode?(frame: unknown): string | Uint8Array;
  /** `on: 'ws'`. @default JSON; text that is none as it is */
  decode?(message: string | Uint8Array): unknown;
}

export type { DialectMember, DialectMessage, Received };
