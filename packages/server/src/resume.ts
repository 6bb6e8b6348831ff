/**
 * Where an attachment begins, decided from what the client knew and what is stored. Pure.
 *
 * `kept` is a promise: nothing is missing between the cursor and now. It holds only when the epoch is the same, the
 * message at the cursor is the one that the client saw (a store that went back in time would have another one there),
 * and everything after it is still stored. Anything else is `lost`, with what is left.
 *
 * @see docs/protocol.md#resume · resume.test.ts
 */
import { parseCursor } from '@anywire/protocol';
import type { Slice } from './engine.ts';

export interface Start {
  readonly continuity: 'initial' | 'kept' | 'lost';
  /** Messages after this serial are still to be sent. */
  readonly after: number;
  readonly reason?: string;
}

/** What is asked of a channel: its serials, and the id at one of them. */
type Stored = Pick<Slice, 'epoch' | 'serial' | 'id' | 'first' | 'anchorId'>;

/** Without a cursor: from now, or from the last `rewind` messages. */
export function startOf({ serial, first }: Stored, rewind = 0): Start {
  return { continuity: 'initial', after: Math.max(serial - rewind, first - 1) };
}

/** @param stored - Read with `from` at the serial of `cursor`. */
export function resumeAt(cursor: string, stored: Stored): Start {
  const { epoch, serial, id, first, anchorId } = stored;
  const at = parseCursor(cursor);
  const lost = (after: number, reason: string): Start => ({ continuity: 'lost', after, reason });
  if (!at) return lost(serial, 'this is not a cursor of this server');
  if (at.epoch !== epoch) return lost(first - 1, 'the channel began anew');
  const known = at.serial === serial ? id : anchorId;
  if (at.serial > serial || (known !== undefined && at.id !== '' && known !== at.id))
    return lost(Math.min(at.serial, serial), 'the store went back in time');
  if (at.serial < first - 1) return lost(first - 1, 'some messages are no longer stored');
  return { continuity: 'kept', after: at.serial };
}
