/**
 * Frames of one tick travel together: fewer packets, fewer wake-ups, and a server that answers them together.
 *
 * @see docs/protocol.md#transport-messages
 */

/**
 * Frames are joined up to this many UTF-16 units: at most 48 KiB as UTF-8, under the 64 KiB that every server takes.
 * A longer frame travels alone.
 */
const maxJoinedLength = 16_384;

/** Collects frames; hands them to `write` at the end of the tick, or at once when called without a frame. */
export function createSender(write: (text: string) => void): (frame?: string) => void {
  let waiting: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (length) write(waiting.join('\n'));
    waiting = [];
    length = 0;
  };
  return (frame) => {
    if (!frame) return flush();
    if (length + frame.length > maxJoinedLength) flush();
    if (!length) queueMicrotask(flush);
    waiting.push(frame);
    length += frame.length;
  };
}
