/**
 * What a name, an id and a nonce may be. The server holds every client to it; core checks the same before it sends.
 *
 * Names may be `__proto__`, so they are keys of a `Map` and never of a plain object.
 *
 * @see docs/protocol.md#names · names.test.ts
 */

/** The longest channel name, in UTF-16 units. */
export const maxChannelLength = 255;
/** The longest event name and instance id, in UTF-16 units. */
export const maxEventLength = 128;

// Control characters break line-based transports; lone surrogates cannot be encoded as UTF-8.
// eslint-disable-next-line no-control-regex
const unfit = /[\u0000-\u001f\u007f\p{Cs}]/u;
const nonce = /^[\w-]{8,32}$/;
// 15 digits are exact as a number, and more than any client will publish.
const messageId = /^[\w-]{8,32}:(?:0|[1-9]\d{0,14})$/;

const isName = (value: string, maxLength: number): boolean =>
  value !== '' && value.length <= maxLength && !unfit.test(value);

/** Whether `value` can be a channel: 1 to 255 UTF-16 units, no control characters, well-formed. */
export function isChannelName(value: string): boolean {
  return isName(value, maxChannelLength);
}

/** Whether `value` can be an event or an instance id: 1 to 128 UTF-16 units, no control characters, well-formed. */
export function isEventName(value: string): boolean {
  return isName(value, maxEventLength);
}

/** Whether `value` can be a sender's nonce: 8 to 32 of `A-Z a-z 0-9 _ -`. */
export function isNonce(value: string): boolean {
  return nonce.test(value);
}

/** Whether `value` is `<nonce>:<counter>`, the counter without leading zeros and of at most 15 digits. */
export function isMessageId(value: string): boolean {
  return messageId.test(value);
}

/** The nonce of a message id: who must have published it. */
export function nonceOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}
