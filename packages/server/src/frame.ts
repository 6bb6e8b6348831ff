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
  /** The length of `text` in UTF-8. */
  readonly bytes: number;
  private buffer: Buffer | undefined = undefined;

  constructor(text: string) {
    this.text = text;
    this.bytes = Buffer.byteLength(text);
  }

  /** The WebSocket frame. Shared: never to be changed. */
  get wire(): Buffer {
    return (this.buffer ??= webSocketFrame(this.text, this.bytes));
  }
}

/** A frame without a payload that is text already. */
export function frameOf(frame: ServerFrame): Frame {
  return new Frame(encodeFrame(frame));
}

/** The answer to a publish: too frequent for the general encoder. */
export function ackFrame(
  r: number,
  answer: { serial: number; timestamp: number; duplicate: boolean },
): Frame {
  const dup = answer.duplicate ? ',"dup":true' : '';
  return new Frame(`{"t":"ack","r":${r},"s":${answer.serial},"ts":${answer.timestamp}${dup}}`);
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

function webSocketFrame(text: string, length: number): Buffer {
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const buffer = Buffer.allocUnsafe(header + length);
  buffer[0] = finalText;
  if (header === 2) {
    buffer[1] = length;
  } else if (header === 4) {
    buffer[1] = 126;
    buffer.writeUInt16BE(length, 2);
  } else {
    buffer[1] = 127;
    buffer.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    buffer.writeUInt32BE(length >>> 0, 6);
  }
  buffer.write(text, header, 'utf8');
  return buffer;
}
