/**
 * A finished frame in a binary codec: made from the JSON text, once for all clients of that codec. Where the data came in
 * the same codec they are spliced in as they came, and only what stands before them is read and written.
 *
 * @see frame.ts · binary.test.ts
 */
import type { BinaryCodec } from '@anywire/protocol';
import { finalBinary, headerBytes, writeHeader } from './wire.ts';

/** The data of a message as `codec` wrote them. */
export interface PackedPayload {
  readonly codec: BinaryCodec;
  readonly bytes: Uint8Array;
  /** How long the same data are as JSON text, at the end of the frame. */
  readonly textLength: number;
}

/** Ready to be written to a WebSocket. Shared: never to be changed. */
export class PackedFrame {
  readonly codec: BinaryCodec;
  /** The whole WebSocket frame. */
  readonly wire: Buffer;

  constructor(codec: BinaryCodec, text: string, payload: PackedPayload | undefined) {
    const frame = payload?.codec === codec ? splice(text, payload) : codec.encode(parse(text));
    const header = headerBytes(frame.length);
    this.codec = codec;
    this.wire = Buffer.allocUnsafe(header + frame.length);
    this.wire.set(frame, writeHeader(this.wire, 0, finalBinary, frame.length));
  }

  get wireBytes(): number {
    return this.wire.length;
  }

  /** Copies `wire` into `target`; answers where it ends. */
  writeWire(target: Buffer, offset: number): number {
    target.set(this.wire, offset);
    return offset + this.wire.length;
  }
}

/** `,"d":` stands before the data, and one brace behind it. */
function splice(text: string, { codec, bytes, textLength }: PackedPayload): Uint8Array {
  const head = `${text.slice(0, -(textLength + ',"d":}'.length))}}`;
  return codec.splice({ ...(JSON.parse(head) as Content), b: undefined }, bytes);
}

/** A frame as a codec carries it that has bytes, also in the messages of a page. */
function parse(text: string): object {
  return withBytes(JSON.parse(text) as Content);
}

interface Content {
  readonly b?: 1;
  readonly d?: unknown;
  readonly items?: readonly Content[];
}

function withBytes(frame: Content): object {
  const { b, items } = frame;
  if (items) return { ...frame, items: items.map(withBytes) };
  return b ? { ...frame, b: undefined, d: Buffer.from(frame.d as string, 'base64') } : frame;
}
