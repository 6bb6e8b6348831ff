/**
 * What an adapter lends to a dialect: a wire, with no idea of channels. One wire is one connection.
 *
 * @see dialect-session.ts, which speaks over it · dialect-pipe.ts for a WebSocket
 */
import type { Clock } from './clock.ts';
import type { Drop } from './contract.ts';
import type {
  DialectEnd,
  DialectIncoming,
  DialectOutgoing,
  DialectTransport,
  Handshake,
} from './dialect-spec.ts';

/** What a wire reports; each in the order in which it happened, and none before `open` has returned. */
export interface WireEvents<On extends DialectTransport> {
  /** @param connectionId - Where the other side names connections. */
  opened(connectionId?: string): void;
  received(frame: DialectIncoming[On]): void;
  /** Something came in that is no frame. */
  alive(): void;
  /**
   * It is over; nothing comes after it.
   *
   * @param drop - What the transport knows of it; the dialect may know more. @default a broken connection, again with a delay
   */
  closed(end: DialectEnd, drop?: Drop): void;
}

/** One connection. */
export interface Wire<On extends DialectTransport> {
  /**
   * Hands one frame over, in the order of the calls.
   *
   * @param wantsReply - Where the transport has acknowledgements, one is asked for.
   * @returns the reply; undefined where none will come
   * @throws {RealtimeError} why the frame cannot be sent; the promise: what the other side thinks of it
   */
  send(
    frame: DialectOutgoing[On],
    wantsReply: boolean,
    signal: AbortSignal | undefined,
  ): Promise<unknown> | undefined;
  /** Ends it, after what was handed over. */
  close(): void;
  /** The vendor's object. */
  readonly native: unknown;
}

/** What a dialect says when a wire is opened, ready for use. */
export interface WireHandshake extends Handshake {
  readonly token: string | undefined;
  /** `url` with what the dialect adds to its query. */
  address(url: string | URL): string;
  readonly clock: Clock;
}

/** Opens a wire. @throws {RealtimeError} unsupported · invalid */
export type OpenWire<On extends DialectTransport> = (
  events: WireEvents<On>,
  handshake: WireHandshake,
) => Wire<On>;
