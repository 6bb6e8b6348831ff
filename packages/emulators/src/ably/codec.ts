/**
 * Frames and bodies as bytes: JSON or MessagePack.
 *
 * The world keeps bytes as bytes. JSON has none: there they are base64, and `encoding` says so; clients of both formats meet in one
 * channel.
 *
 * @see SOURCE.md#ably-wire
 */
import { decode as unpack, encode as pack } from '@msgpack/msgpack';
import { AblyError } from './errors.ts';
import type { Frame } from './protocol.ts';

export type Format = 'json' | 'msgpack';

/** A message or a member: what has data and an encoding. */
interface Encoded {
  data?: unknown;
  encoding?: string;
}

/** @throws {AblyError} 40000 */
export function decodeBody(body: string | Uint8Array, format: Format): unknown {
  try {
    if (format === 'msgpack') return unpack(typeof body === 'string' ? Buffer.from(body) : body);
    return JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)) as unknown;
  } catch {
    throw new AblyError(40000, `this is no ${format === 'json' ? 'JSON' : 'MessagePack'}`);
  }
}

export const encodeBody = (value: unknown, format: Format): string | Uint8Array =>
  format === 'json' ? JSON.stringify(value) : pack(value, { ignoreUndefined: true });

/** @throws {AblyError} 40000 */
export function decodeFrame(text: string | Uint8Array, format: Format): Frame {
  const frame = decodeBody(text, format) as Frame;
  if (typeof frame !== 'object' || frame === null || typeof frame.action !== 'number')
    throw new AblyError(40000, 'a frame is an object with an action');
  for (const name of ['messages', 'presence'] as const)
    if (frame[name] !== undefined) frame[name] = listOf(frame[name]).map((one) => taken(one));
  return frame;
}

export function encodeFrame(frame: Frame, format: Format): string | Uint8Array {
  const { messages, presence } = frame;
  const more = {
    ...(messages && { messages: messages.map((one) => rendered(one, format)) }),
    ...(presence && { presence: presence.map((one) => rendered(one, format)) }),
  };
  return encodeBody({ ...frame, ...more }, format);
}

/** @throws {AblyError} 40000 */
export function listOf<Item>(value: readonly Item[] | Item): readonly Item[] {
  const list = (Array.isArray(value) ? value : [value]) as readonly Item[];
  if (list.every((one) => typeof one === 'object' && one !== null)) return list;
  throw new AblyError(40000, 'messages and members are objects');
}

/** As the world keeps it. */
export function taken<Value extends Encoded>(given: Value): Value {
  const { encoding = '', data } = given;
  if (!/(^|\/)base64$/.test(encoding) || typeof data !== 'string') return given;
  const kept = { ...given, data: new Uint8Array(Buffer.from(data, 'base64')) };
  const rest = encoding.replace(/\/?base64$/, '');
  if (rest === '') delete kept.encoding;
  else kept.encoding = rest;
  return kept;
}

/** As one format writes it. */
export function rendered<Value extends Encoded>(kept: Value, format: Format): Value {
  if (format === 'msgpack' || !(kept.data instanceof Uint8Array)) return kept;
  const encoding = [kept.encoding, 'base64'].filter(Boolean).join('/');
  return { ...kept, data: Buffer.from(kept.data).toString('base64'), encoding };
}
