/**
 * One outgoing frame, finished: built once, then shared by all its receivers, the history ring and every resume.
 *
 * `wire` is the whole WebSocket frame (RFC 6455 section 5.2: final, text, unmasked), so that a write is one
 * buffer and no work; it is made when a WebSocket first asks for it.
 *
 * @see frame.test.ts · docs/protocol.md
 */
import { encodeFrame, type ServerFrame } from '@anywire/protocol';

const finalText = 0x81;

/** A frame as text, and as bytes for a WebSocket. */
export class Frame {
  readonly text: string;
  private length: number;
  private buffer: Buffer | undefined = undefined;

  /** @param length - Of `text` in UTF-8, where it is known. */
  constructor(text: string, length = -1) {
    this.text = text;
    this.length = length;
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
    const at = writeHeader(target, offset, bytes);
    // Pure ASCII is written twice as fast when it need not be looked at.
    return at + target.write(text, at, bytes === text.length ? 'latin1' : 'utf8');
  }
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
  /** The data as JSON text of one line. */
  readonly payload: string;
}

/** The members that name a sender: the same for every message of a connection. */
export function senderText(connectionId: string, clientId: string | undefined): string {
  const u = clientId === undefined ? '' : `,"u":${JSON.stringify(clientId)}`;
  return `${u},"k":${JSON.stringify(connectionId)}`;
}

/** A message frame up to its serial: the same for every message of a channel. */
export function messageHead(channel: string): string {
  return `{"t":"message","c":${JSON.stringify(channel)}`;
}

/** A message frame after its serial. What an engine keeps where it keeps text. */
export function messageTail(parts: MessageParts): string {
  const { id, event, sender, timestamp, payload } = parts;
  return `,"i":${JSON.stringify(id)},"e":${JSON.stringify(event)}${sender},"ts":${timestamp},"d":${payload}}`;
}

/** The frame of a stored message. */
export function messageFrame(head: string, serial: number, tail: string): Frame {
  return new Frame(`${head},"s":${serial}${tail}`);
}

// --- RFC 6455 ---

function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** Answers where the header ends. */
function writeHeader(target: Buffer, offset: number, length: number): number {
  target[offset] = finalText;
  if (length < 126) {
    target[offset + 1] = length;
    return offset + 2;
  }
  if (length < 65_536) {
    target[offset + 1] = 126;
    return target.writeUInt16BE(length, offset + 2);
  }
  target[offset + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), offset + 2);
  return target.writeUInt32BE(length >>> 0, offset + 6);
}
