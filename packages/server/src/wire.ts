/**
 * The header of a WebSocket frame: final, unmasked, of any length.
 *
 * @see RFC 6455 section 5.2 · frame.test.ts
 */

/** The first byte of a whole text message. */
export const finalText = 0x81;
/** The first byte of a whole binary message. */
export const finalBinary = 0x82;

/** How long the header of `length` bytes is. */
export function headerBytes(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** Writes a header into `target`; answers where it ends. */
export function writeHeader(target: Buffer, offset: number, first: number, length: number): number {
  target[offset] = first;
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
