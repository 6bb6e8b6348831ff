/**
 * `history`: one page of stored messages, as the texts that they were stored as.
 *
 * A page ends at its limit or at a part of what may wait for a client, whichever comes first.
 *
 * @see docs/protocol.md#history
 */
import { RealtimeError } from '@anywire/core/errors';
import {
  formatCursor,
  pageText,
  parseCursor,
  type HistoryFrame,
  type Position,
} from '@anywire/protocol';
import type { Connection } from './connection.ts';
import type { Slice } from './engine.ts';
import { wait, type Flow } from './flow.ts';
import { Frame } from './frame.ts';
import type { Hub } from './hub.ts';

export function* history(hub: Hub, connection: Connection, frame: HistoryFrame): Flow {
  const { client } = connection;
  if (!client) return;
  const { engine, gate, limits, rules } = hub.parts;
  const { r, c: channel, dir: direction, from, start, end } = frame;
  if (!rules(channel).history)
    throw new RealtimeError('unsupported', 'this channel has no history');
  yield* wait(gate.authorize({ client, channel, action: 'history', event: undefined }));

  const position = from === undefined ? undefined : parseCursor(from);
  if (from !== undefined && !position) throw new RealtimeError('invalid', '"from" is not a cursor');
  const slice = yield* wait(
    engine.read(channel, {
      direction,
      from: position?.serial,
      limit: Math.min(frame.limit, limits.historyItems),
      maxBytes: limits.outboundBytes / 4,
      start,
      end,
    }),
  );
  if (position && !isSameStore(position, slice))
    throw new RealtimeError(
      'history_expired',
      'this cursor is from an earlier life of the channel',
    );
  const next = slice.more ? nextPage(slice, direction) : undefined;
  const items = slice.entries.map((entry) => entry.frame.text);
  connection.send(new Frame(pageText({ r, next, complete: slice.complete }, items)));
}

function isSameStore(position: Position, { epoch, serial, anchorId }: Slice): boolean {
  const isKnown = position.id !== '' && anchorId !== undefined;
  return (
    position.epoch === epoch && position.serial <= serial && (!isKnown || position.id === anchorId)
  );
}

/** Backwards, the page begins at a message that this one does not hold: its id stays open. */
function nextPage({ epoch, entries }: Slice, direction: HistoryFrame['dir']): string | undefined {
  const last = entries.at(-1);
  if (!last) return undefined;
  const { serial, id } = last;
  return formatCursor(
    direction === 'forwards' ? { epoch, serial, id } : { epoch, serial: serial - 1, id: '' },
  );
}
