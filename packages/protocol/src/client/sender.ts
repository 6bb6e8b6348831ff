/**
 * Frames of one tick travel together: fewer packets, fewer wake-ups, and a server that answers them together.
 *
 * @see docs/protocol.md#transport-messages
 */

import type { Format } from './format.ts';
import type { Data } from './host.ts';

/**
 * Frames are joined up to this many bytes, or UTF-16 units of text: at most 48 KiB as UTF-8, under the 64 KiB that every server takes.
 * A longer frame travels alone.
 */
const maxJoinedLength = 16_384;

/** Collects frames; hands them to `write` at the end of the tick, or at once when called without a frame. */
export function createSender(
  write: (message: Data) => void,
  join: Format['join'],
): (frame?: Data) => void {
  let waiting: Data[] = [];
  let length = 0;
  const flush = (): void => {
    if (length) write(join(waiting));
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
