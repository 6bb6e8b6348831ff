/**
 * What the hub knows of a pipe to one client: a WebSocket, an event stream, an exchange of long polling, a
 * part of a Socket.IO socket.
 *
 * A transport has no policy: it neither queues beyond what its socket does, nor decides when to close.
 *
 * @see ws-transport.ts · http-transport.ts
 */
import type { BinaryCodec } from '@anywire/protocol';
import type { Frame } from './frame.ts';

/** One pipe to one client. */
export interface Transport {
  /**
   * `reader`: its client only listens, and has no nonce to publish with. `exchange`: one of many pipes of its client,
   * who has one connection over all of them. @default 'client'
   */
  readonly kind?: 'client' | 'reader' | 'exchange';
  /** Under what it is counted: 'ws', 'sse', …; one of a few words. @default 'other' */
  readonly label?: string;
  /** What its client has chosen; undefined: JSON. */
  readonly codec?: BinaryCodec | undefined;
  /** The longest data of one message that gets through, where that may be less than `limits.payloadBytes`. */
  readonly payloadBytes?: number;
  /** Writes frames in this order, as one write where it can. Does nothing after `close`. */
  write(frames: Frame | readonly Frame[]): void;
  /** Bytes written here that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** Calls `fn` once, later, when what was written has gone. */
  onceDrained(fn: () => void): void;
  /** Ends the pipe after what was written, and reports `closed`. */
  close(code: number, reason: string): void;
  /** Ends the pipe at once. */
  destroy(): void;
  /** Stops, and starts again, to take frames from the client. */
  pause(): void;
  resume(): void;
  /** Nothing that the client has asked for is under way any more. For transports that answer. */
  settled?(): void;
}

/** What a transport reports to the hub. */
export interface TransportEvents {
  /** One or more frames: text, or bytes where the transport has a codec. */
  received(message: string | Uint8Array): void;
  /** A control frame of the transport came (a ping of WebSocket): answers whether to answer it. */
  controlled(): boolean;
  /** The client sent what this transport cannot carry. */
  violated(message: string): void;
  /** The pipe is gone. Once, and last. */
  closed(code: number, reason: string): void;
}

/** How a client came in, for `authenticate`. */
export interface ConnectRequest {
  /** Path and query. May hold secrets: never logged. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of the client: behind `trustedProxies`, what they say. */
  readonly remoteAddress: string | undefined;
  /** A bearer token that came with the request itself. One in the frame `connect` wins. */
  readonly token?: string | undefined;
}
