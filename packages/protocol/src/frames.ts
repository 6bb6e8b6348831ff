/**
 * Every frame of `anywire.v1`, as types. Names are short because each one is on the wire; a frame that carries a
 * payload has it as the last member, `d`, so that a server can splice it as text.
 *
 * @see docs/protocol.md, which is the specification
 */
import type { ChangesFrame, PresenceFrame, SyncFrame } from './presence-frames.ts';

export type * from './presence-frames.ts';

/** The WebSocket subprotocol, and the version that `connect` asks for. */
export const subprotocol = 'anywire.v1';

/**
 * What passes from a publisher to all receivers. Bytes are either `b` with base64 text in `d`, as JSON has them, or a
 * `Uint8Array` in `d`, as MessagePack has them: a reader takes both.
 */
interface Content {
  readonly e: string;
  /** The sender's sequence in this channel. */
  readonly q?: number;
  /** Travels beside the data. */
  readonly x?: Readonly<Record<string, unknown>>;
  /** `d` is base64. */
  readonly b?: 1;
  readonly d: unknown;
}

/** Request numbers are made by the client and come back in the answer. */
type Request = { readonly r: number };

// --- client to server ---

/** First frame of a connection. */
export interface ConnectFrame extends Request {
  readonly t: 'connect';
  readonly token?: string;
  /** First part of every message id of this client. */
  readonly nonce: string;
  /** Names this tab or device, for presence. */
  readonly instance: string;
  /** From the last `connected`: proves that this is the same client. */
  readonly resume?: string;
}
export interface AttachFrame extends Request {
  readonly t: 'attach';
  readonly c: string;
  /** Resume after this position. */
  readonly cursor?: string;
  /** Send the last n messages first. */
  readonly rewind?: number;
  /** Absent: none. */
  readonly presence?: 'watch' | 'enter';
  /** The set of members that the client has. A server may leave `sync` out where it is that one still. */
  readonly v?: string;
  /** False: do not send live messages of my own nonce. */
  readonly echo?: boolean;
  /** Presence data, with `presence: 'enter'`. */
  readonly d?: unknown;
}
export interface DetachFrame extends Request {
  readonly t: 'detach';
  readonly c: string;
}
export interface PublishFrame extends Content {
  readonly t: 'publish';
  /** Absent on volatile messages: no answer is wanted. */
  readonly r?: number;
  readonly c: string;
  readonly i: string;
}
export interface EnterFrame extends Request {
  readonly t: 'enter' | 'update';
  readonly c: string;
  readonly d: unknown;
}
export interface LeaveFrame extends Request {
  readonly t: 'leave';
  readonly c: string;
}
export interface HistoryFrame extends Request {
  readonly t: 'history';
  readonly c: string;
  readonly limit: number;
  readonly dir: 'backwards' | 'forwards';
  readonly from?: string;
  readonly start?: number;
  readonly end?: number;
}
/** New credentials for this connection. */
export interface TokenFrame extends Request {
  readonly t: 'token';
  readonly token: string;
}

// --- both ways ---

export interface PingFrame {
  readonly t: 'ping';
}
export interface PongFrame {
  readonly t: 'pong';
}
/** The last frame. From the client: I leave on purpose. From the server: the close code, for pipes that have none. */
export interface ByeFrame {
  readonly t: 'bye';
  readonly code?: number;
  readonly message?: string;
  readonly retryAfterMs?: number;
}

// --- server to client ---

/** Of a payload, of a member whose connection broke, of one channel, of one page; absent: the server does not say. */
export interface StatedLimits {
  readonly payloadBytes: number;
  readonly presenceGraceMs?: number;
  readonly members?: number;
  readonly historyItems?: number;
}
export interface ConnectedFrame extends Request {
  readonly t: 'connected';
  readonly connection: string;
  readonly client?: string;
  readonly resume: string;
  readonly heartbeatMs: number;
  /** Until the token expires, so that clocks need not agree. */
  readonly expiresInMs?: number;
  readonly limits: StatedLimits;
}
export interface AttachedFrame extends Request {
  readonly t: 'attached';
  readonly c: string;
  readonly continuity: 'initial' | 'kept' | 'lost';
  /** Where live messages begin. */
  readonly cursor: string;
  /** Messages of a backlog follow, then `replayed`. */
  readonly backlog: boolean;
  readonly reason?: string;
}
/** The messages since `attached` were a backlog; from here on they are live. */
export interface ReplayedFrame {
  readonly t: 'replayed';
  readonly c: string;
}
export interface DetachedFrame {
  readonly t: 'detached';
  readonly c: string;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}
export interface MessageFrame extends Content {
  readonly t: 'message';
  readonly c: string;
  /** Absent on volatile messages, which are not stored. */
  readonly s?: number;
  /** Absent on messages that a backend published without one. */
  readonly i?: string;
  /** The sender's client id. */
  readonly u?: string;
  /** The sender's connection. */
  readonly k?: string;
  /** ms since 1970 by the server's clock. */
  readonly ts: number;
}
export interface AckFrame extends Request {
  readonly t: 'ack';
  /** Absent where nothing is stored: the message was accepted, no more. */
  readonly s?: number;
  readonly ts: number;
  /** The id was known: an earlier try had arrived. */
  readonly dup?: boolean;
}
export interface PageFrame extends Request {
  readonly t: 'page';
  readonly next?: string;
  readonly complete: boolean;
  readonly items: readonly MessageFrame[];
}
/** The request was done and has no other answer. */
export interface OkFrame extends Request {
  readonly t: 'ok';
  readonly expiresInMs?: number;
}
export interface ErrorFrame {
  readonly t: 'error';
  /** Absent when no request was its cause. */
  readonly r?: number;
  readonly c?: string;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

export type ClientFrame =
  | ConnectFrame
  | AttachFrame
  | DetachFrame
  | PublishFrame
  | EnterFrame
  | LeaveFrame
  | HistoryFrame
  | TokenFrame
  | PingFrame
  | PongFrame
  | ByeFrame;

export type ServerFrame =
  | ConnectedFrame
  | AttachedFrame
  | ReplayedFrame
  | DetachedFrame
  | MessageFrame
  | AckFrame
  | PresenceFrame
  | ChangesFrame
  | SyncFrame
  | PageFrame
  | OkFrame
  | ErrorFrame
  | PingFrame
  | PongFrame
  | ByeFrame;
