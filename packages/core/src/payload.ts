/**
 * Payloads on their way out: what can be sent, and how large it is.
 *
 * @see docs/semantics.md#payloads · payload.test.ts
 */
import type { Outbound } from './contract.ts';
import { RealtimeError } from './errors.ts';

/** Bytes of `text` in UTF-8. */
export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** How much a publish holds while it waits. */
export const sizeOf = ({ json, data }: Pick<Outbound, 'json' | 'data'>): number =>
  json === undefined ? (data as Uint8Array).length : bytesOf(json);

/** Also where they are of another realm (an iframe, a test's DOM), or of a subclass (Node's `Buffer`). */
export const isBytes = (data: unknown): data is Uint8Array =>
  ArrayBuffer.isView(data) && (data as Uint8Array)[Symbol.toStringTag] === 'Uint8Array';

/** What bytes look like in JSON, and little else does: only then it is worth to look. */
const bytesInJson = /\{("0":|}|"type":"Buffer")/;

/** Whether somewhere inside `data` are bytes, of which JSON would silently make an object of numbers. */
function holdsBytes(data: unknown): boolean {
  let found = false;
  JSON.stringify(data, function (this: Readonly<Record<string, unknown>>, key, value: unknown) {
    const held = this[key]; // `value` is what a `toJSON` made of it
    found ||= ArrayBuffer.isView(held) || held instanceof ArrayBuffer;
    return value;
  });
  return found;
}

/**
 * `data` as JSON text.
 *
 * @throws {RealtimeError} invalid when it is no JSON value · payload_too_large
 */
export function toJson(data: unknown, maxBytes: number, what: string): string {
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    cause = error;
  }
  if (json === undefined)
    throw new RealtimeError('invalid', `${what} is not a JSON value`, { cause });
  if (bytesInJson.test(json) && holdsBytes(data))
    throw new RealtimeError('invalid', `${what} holds bytes: they travel alone, as a Uint8Array`);
  // One UTF-16 unit is at most three bytes: most payloads need no counting.
  if (json.length * 3 > maxBytes && bytesOf(json) > maxBytes) throw tooLarge(what, maxBytes);
  return json;
}

/**
 * A copy of `data`, so that what the app changes afterwards is not sent. They count as they travel: base64 makes four
 * of three.
 *
 * @throws {RealtimeError} payload_too_large
 */
export function toBytes(
  data: Uint8Array,
  isBase64: boolean,
  maxBytes: number,
  what: string,
): Uint8Array {
  const { length } = data;
  if ((isBase64 ? Math.ceil(length / 3) * 4 : length) > maxBytes) throw tooLarge(what, maxBytes);
  return new Uint8Array(data);
}

const tooLarge = (what: string, maxBytes: number): RealtimeError =>
  new RealtimeError('payload_too_large', `${what} has more than ${maxBytes} bytes`);
