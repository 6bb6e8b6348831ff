/**
 * One client that is connected, and what it keeps: subscriptions, a user, its budget of client events.
 *
 * It knows no socket: whoever made it lends one.
 */
import type { App } from './app.ts';
import type { PusherUser } from './users.ts';

/** The socket, as the emulator needs it. */
export interface Pipe {
  send(text: string): void;
  /** 1006 cuts it, without a close frame. */
  close(code: number, reason: string): void;
  /** Bytes that were sent and not yet taken; 0 where nobody knows. */
  readonly unsentBytes: number;
}

/** A member of a presence channel, as its signed `channel_data` says. */
export interface MemberData {
  readonly id: string;
  /** JSON, or undefined. */
  readonly info: unknown;
}

export interface Connection {
  readonly app: App;
  readonly socketId: string;
  readonly pipe: Pipe;
  /** Channel names, and who this is there, where the channel has members. */
  readonly subscriptions: Map<string, MemberData | undefined>;
  user: PusherUser | undefined;
  /** When the client events of the last second were sent. */
  sentMs: number[];
  /** Half-open: nothing goes out, what comes in is lost. */
  isMuted: boolean;
  isOver: boolean;
  /** When something came in last. */
  heardMs: number;
  /** When something else than an answer to a ping came in. */
  activeMs: number;
  /** Ends the timers of this connection. */
  stopTimers: () => void;
  /** Subscription answers that a test holds back. */
  held: (() => void)[] | undefined;
}

/** Sends one event. `data` goes as it is: texts are JSON already where the protocol wants them to be. */
export function send(
  connection: Connection,
  event: string,
  data: unknown,
  channel?: string,
  more: object = {},
): void {
  sendText(connection, JSON.stringify({ event, channel, data, ...more }));
}

/** Sends what is finished: one text for all receivers of an event. */
export function sendText(connection: Connection, text: string): void {
  const { pipe, isOver, isMuted, app } = connection;
  if (isOver || isMuted) return;
  if (pipe.unsentBytes > app.limits.outboundBytes) return pipe.close(1006, 'does not read');
  pipe.send(text);
}

/** An error that closes nothing; most of them have no code, and none names its channel. */
export function sendError(connection: Connection, code: number | null, message: string): void {
  send(connection, 'pusher:error', { code, message });
}
