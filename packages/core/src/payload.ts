/** Payloads on their way out: what can be sent, and how large it is. */
import { RealtimeError } from './errors.ts';

/** Bytes of `text` in UTF-8; counted only when it matters. */
export function utf8Bytes(text: string, matters: number): number {
  // One UTF-16 unit is at most three bytes: most payloads need no counting.
  return text.length * 3 <= matters ? text.length : new TextEncoder().encode(text).length;
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
    // Bytes would silently become an object of numbers.
    if (!ArrayBuffer.isView(data)) json = JSON.stringify(data);
  } catch (error) {
    cause = error;
  }
  if (json === undefined)
    throw new RealtimeError('invalid', `${what} is not a JSON value`, { cause });
  const bytes = utf8Bytes(json, maxBytes);
  if (bytes > maxBytes)
    throw new RealtimeError(
      'payload_too_large',
      `${what} has ${bytes} bytes, the limit is ${maxBytes}`,
    );
  return json;
}
