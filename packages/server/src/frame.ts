/**
 * One outgoing frame, finished: built once, then shared by all its receivers, the history ring and every resume.
 *
 * `wire` is the whole WebSocket frame (RFC 6455 section 5.2: final, unmasked), so that a write is one buffer and no
 * work; it is made when a WebSocket first asks for it, as `event` is when an event stream does. JSON text is what a
 * frame is; for each other codec in use it is written once more, when a client of that codec first needs it.
 *
 * @see frame.test.ts · packed-frame.ts · docs/protocol.md
 */
import {
  encodeFrame,
  type BinaryCodec,
  type PublishFrame,
  type ServerFrame,
} from '@anywire/protocol';
import { PackedFrame, type PackedPayload } from './packed-frame.ts';
import { finalText, headerBytes, writeHeader } from './wire.ts';

/** A frame as text, and as bytes for a WebSocket. */
export class Frame {
  readonly text: string;
  private length: number;
  private buffer: Buffer | undefined = undefined;
  private eventBuffer: Buffer | undefined = undefined;
  /** For another codec: the whole frame once it was asked for; before that the data, where they came in it. */
  private packed: PackedFrame | PackedPayload | undefined;

  /**
   * @param length - Of `text` in UTF-8, where it is known.
   * @param payload - Its data as a binary codec wrote them, where they came in one.
   */
  constructor(text: string, length = -1, payload?: PackedPayload) {
    this.text = text;
    this.length = length;
    this.packed = payload;
  }

  /** The same frame for clients of `codec`. */
  as(codec: BinaryCodec): PackedFrame {
    const { packed } = this;
    // Two binary codecs in one server would take turns here.
    if (packed instanceof PackedFrame && packed.codec === codec) return packed;
    const payload = packed instanceof PackedFrame ? undefined : packed;
    return (this.packed = new PackedFrame(codec, this.text, payload));
  }

  /** The length of `text` in UTF-8. */
  get bytes(): number {
    if (this.length < 0) this.length = Buffer.byteLength(this.text);
    return this.length;
  }

  /** The WebSocket frame. Shared: never to be changed. */
  get wire(): Buffer {
    if (this.buffer === undefined) {
      const buffer = Buffer.allocUnsafe(this.wireBytes);
      this.writeWire(buffer, 0);
      this.buffer = buffer;
    }
    return this.buffer;
  }

  /** The length of {@link wire}. */
  get wireBytes(): number {
    return headerBytes(this.bytes) + this.bytes;
  }

  /** Writes {@link wire} into `target`; answers where it ends. Without making it, for a frame that goes out once. */
  writeWire(target: Buffer, offset: number): number {
    if (this.buffer !== undefined) return offset + this.buffer.copy(target, offset);
    const { text, bytes } = this;
    const at = writeHeader(target, offset, finalText, bytes);
    // Pure ASCII is written twice as fast when it need not be looked at.
    return at + target.write(text, at, bytes === text.length ? 'latin1' : 'utf8');
  }

  /** The event of an event stream: `data: {text}`, and an empty line. Shared: never to be changed. */
  get event(): Buffer {
    // A frame has no line breaks, so its event has one line.
    return (this.eventBuffer ??= Buffer.from(`data: ${this.text}\n\n`));
  }
}

/** What kind of frame a text is that this server has written: its type comes first. */
export function typeOf(text: string): string {
  return text.slice(6, text.indexOf('"', 6));
}

/** A frame without a payload that is text already. */
export function frameOf(frame: ServerFrame): Frame {
  return new Frame(encodeFrame(frame));
}

/** The answer to a publish: too frequent for the general encoder. The serial is absent where nothing can be read again. */
export function ackFrame(
  r: number,
  answer: { serial: number | undefined; timestamp: number; duplicate: boolean },
): Frame {
  const s = answer.serial === undefined ? '' : `,"s":${answer.serial}`;
  const dup = answer.duplicate ? ',"dup":true' : '';
  const text = `{"t":"ack","r":${r}${s},"ts":${answer.timestamp}${dup}}`;
  return new Frame(text, text.length);
}

/** Frames that are the same for everybody. */
export const ping: Frame = frameOf({ t: 'ping' });
export const pong: Frame = frameOf({ t: 'pong' });

// --- messages ---

/** What of a message is known before an engine gives it a serial. */
export interface MessageParts {
  /** `<nonce>:<counter>`. */
  readonly id: string;
  readonly event: string;
  readonly timestamp: number;
  /** From {@link senderText}; empty for messages of the app's own backend. */
  readonly sender: string;
  /** `q`, `x` and `b` as text: what passes from a sender to all receivers beside the data. */
  readonly beside: string;
  /** The data as JSON text of one line; bytes as base64. */
  readonly payload: string;
  readonly packed: PackedPayload | undefined;
}

/** The members that name a sender: the same for every message of a connection. Who comes over HTTP may have none. */
export function senderText(connectionId: string | undefined, clientId: string | undefined): string {
  const u = clientId === undefined ? '' : `,"u":${JSON.stringify(clientId)}`;
  const k = connectionId === undefined ? '' : `,"k":${JSON.stringify(connectionId)}`;
  return u + k;
}

/** A message frame up to its serial: the same for every message of a channel. */
export function messageHead(channel: string): string {
  return `{"t":"message","c":${JSON.stringify(channel)}`;
}

/** A message frame after its serial. What an engine keeps where it keeps text. */
export function messageTail(parts: MessageParts): string {
  const { id, event, sender, timestamp, beside, payload } = parts;
  return `,"i":${JSON.stringify(id)},"e":${JSON.stringify(event)}${sender},"ts":${timestamp}${beside},"d":${payload}}`;
}

/** The frame of a stored message. @param payload - From its draft. */
export function messageFrame(
  head: string,
  serial: number,
  tail: string,
  payload?: PackedPayload,
): Frame {
  return new Frame(`${head},"s":${serial}${tail}`, -1, payload);
}

/** What a publish passes on beside its data. */
export function besideText({ q, x }: Pick<PublishFrame, 'q' | 'x'>, isBytes: boolean): string {
  const sequence = q === undefined ? '' : `,"q":${q}`;
  const extras = x === undefined ? '' : `,"x":${JSON.stringify(x)}`;
  return `${sequence}${extras}${isBytes ? ',"b":1' : ''}`;
}
