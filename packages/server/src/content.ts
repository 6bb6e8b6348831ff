/**
 * The data of a message: held to their limits, and in the forms that frames are made of. JSON text is what is kept; bytes
 * are base64 in it.
 *
 * @see docs/protocol.md#codecs for what counts how · publish.test.ts · binary.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { isDeeper, type BinaryCodec, type PublishFrame } from '@anywire/protocol';
import type { Limits } from './options.ts';
import type { PackedPayload } from './packed-frame.ts';

export interface Content {
  /** JSON text of one line; bytes as base64. */
  readonly payload: string;
  readonly isBytes: boolean;
  /** As a binary codec wrote it, where it came in one. */
  readonly packed: PackedPayload | undefined;
}

/** What a client sent. @throws {RealtimeError} payload_too_large */
export function received(
  { b, d }: PublishFrame,
  { payload, packed }: { payload: string | undefined; packed?: Uint8Array | undefined },
  codec: BinaryCodec | undefined,
  maxBytes: number,
): Content {
  const isBytes = b === 1 || payload === undefined;
  let text = payload;
  if (text === undefined) text = bytesText(d as Uint8Array, maxBytes);
  else if (isBytes) checkLength(text.length - 2, maxBytes);
  else checkSize(text, maxBytes);
  // Base64 in a codec that has bytes is no form that others could be sent.
  if (!codec || !packed || b) return { payload: text, isBytes, packed: undefined };
  // A copy: what was received is a piece of a larger buffer, which would live as long as the message.
  const bytes = new Uint8Array(packed);
  return { payload: text, isBytes, packed: { codec, bytes, textLength: text.length } };
}

/** What a hook or a backend gave. @throws {RealtimeError} invalid, payload_too_large */
export function contentOf(
  data: unknown,
  { payloadBytes, depth }: Pick<Limits, 'payloadBytes' | 'depth'>,
): Content {
  if (data instanceof Uint8Array)
    return { payload: bytesText(data, payloadBytes), isBytes: true, packed: undefined };
  const payload = jsonOf(data);
  checkSize(payload, payloadBytes);
  if (isDeeper(data, depth))
    throw new RealtimeError('invalid', `the data must be nested at most ${depth} deep`);
  return { payload, isBytes: false, packed: undefined };
}

/** The data of a frame as hooks see them. */
export function dataOf({ b, d }: Pick<PublishFrame, 'b' | 'd'>): unknown {
  return b ? new Uint8Array(Buffer.from(d as string, 'base64')) : d;
}

/** @throws {RealtimeError} payload_too_large */
export function checkSize(json: string, maxBytes: number): void {
  // A UTF-16 unit has at most three bytes in UTF-8, so most texts need no count.
  if (json.length * 3 > maxBytes) checkLength(Buffer.byteLength(json), maxBytes);
}

/** @throws {RealtimeError} invalid */
export function jsonOf(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data, refuseBytes);
  } catch (cause) {
    throw new RealtimeError(
      'invalid',
      'the data cannot be JSON; bytes travel alone, as a Uint8Array',
      { cause },
    );
  }
  if (json === undefined) throw new RealtimeError('invalid', 'the data is no JSON value');
  return json;
}

function refuseBytes(
  this: Readonly<Record<string, unknown>>,
  key: string,
  value: unknown,
): unknown {
  if (ArrayBuffer.isView(this[key])) throw new TypeError('bytes must be the data itself');
  return value;
}

function bytesText(bytes: Uint8Array, maxBytes: number): string {
  checkLength(bytes.length, maxBytes);
  const { buffer, byteOffset, byteLength } = bytes;
  return `"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`;
}

function checkLength(length: number, maxBytes: number): void {
  if (length > maxBytes)
    throw new RealtimeError('payload_too_large', `the data have more than ${maxBytes} bytes`);
}
