/** Payloads on their way out: what can be sent, and how large it is. */
import { RealtimeError } from './errors.ts';

/** Bytes of `text` in UTF-8. */
export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

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
  // One UTF-16 unit is at most three bytes: most payloads need no counting.
  if (json.length * 3 > maxBytes && bytesOf(json) > maxBytes)
    throw new RealtimeError('payload_too_large', `${what} has more than ${maxBytes} bytes`);
  return json;
}
