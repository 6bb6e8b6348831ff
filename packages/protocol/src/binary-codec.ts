/**
 * What a codec other than JSON is to client and server: frames to bytes and back. A server has those that it is
 * given; a client offers its own, and the handshake chooses.
 *
 * @see docs/protocol.md#codecs · messagepack/ for the one there is
 */
import type { Format } from './client/format.ts';
import type { Data } from './client/host.ts';

/** One frame that was read. */
export interface Unpacked {
  /** A map of the frame's members. */
  readonly frame: Readonly<Record<string, unknown>>;
  /** The bytes of the member `d`, ready to be spliced into other frames; undefined without `d`. */
  readonly payload: Uint8Array | undefined;
  /** Why this cannot be accepted, though it can be read: what JSON does not have, or what is nested too deeply. */
  readonly problem: string | undefined;
  /** Where the next frame begins. */
  readonly end: number;
}

/**
 * Writes and reads frames as bytes. Made without state, so one serves all connections. What it has of a {@link Format} is
 * the client's side; the rest is the server's.
 */
export interface BinaryCodec extends Format {
  /** The WebSocket subprotocol that chooses it. */
  readonly subprotocol: string;
  /** One frame; means what `JSON.stringify` would make of it, but a `Uint8Array` stays bytes. */
  encode(frame: object): Uint8Array;
  /** As `encode`, with a payload that is encoded already as the last member, `d`. */
  splice(header: object, payload: Uint8Array): Uint8Array;
  join(frames: readonly Data[]): Uint8Array;
  /**
   * Reads the frame that begins at `from`.
   *
   * @param maxDepth - Lists and objects inside each other; what is deeper is passed over. @default Infinity
   * @throws {Error} where there is none: it is cut off, or is no map with texts as keys
   */
  decode(bytes: Uint8Array, from: number, maxDepth?: number): Unpacked;
}
