/**
 * `history`: one page of stored messages, as the texts that they were stored as.
 *
 * A page ends at its limit or at a part of what may wait for a client, whichever comes first.
 *
 * @see docs/protocol.md#history · backend-history.ts for pages of the app's own backend
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
import type { Engine, Slice } from './engine.ts';
import { chain, wait, type Flow, type MaybePromise } from './flow.ts';
import { Frame } from './frame.ts';
import type { Hub } from './hub.ts';
import type { Limits } from './limits.ts';

/** Which page. */
export interface PageQuery {
  readonly direction: HistoryFrame['dir'];
  readonly limit: number;
  /** A cursor. */
  readonly from?: string | undefined;
  /** ms since 1970, inclusive. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** Where pages are read. */
export interface PageParts {
  readonly engine: Pick<Engine, 'read'>;
  readonly limits: Pick<Limits, 'historyItems' | 'outboundBytes'>;
}

/** One page, and where the next one begins, if there is one. */
export interface Page {
  readonly slice: Slice;
  readonly next: string | undefined;
}

export function* history(hub: Hub, connection: Connection, frame: HistoryFrame): Flow {
  const { client } = connection;
  if (!client) return;
  const { r, c: channel, dir: direction, limit, from, start, end } = frame;
  checkHistory(hub, channel);
  yield* wait(hub.parts.gate.authorize({ client, channel, action: 'history', event: undefined }));
  const query = { direction, limit, from, start, end };
  const { slice, next } = yield* wait(readPage(hub.parts, channel, query));
  const items = slice.entries.map((entry) => entry.frame.text);
  connection.send(new Frame(pageText({ r, next, complete: slice.complete }, items)));
}

/** @throws {RealtimeError} invalid, unsupported */
export function checkHistory(hub: Hub, channel: string): void {
  if (!hub.parts.rules(channel).history)
    throw new RealtimeError('unsupported', 'this channel has no history');
}

/** @throws {RealtimeError} invalid, history_expired */
export function readPage(
  { engine, limits }: PageParts,
  channel: string,
  query: PageQuery,
): MaybePromise<Page> {
  const { direction, limit, from, start, end } = query;
  const position = from === undefined ? undefined : parseCursor(from);
  if (from !== undefined && !position) throw new RealtimeError('invalid', '"from" is not a cursor');
  const slice = engine.read(channel, {
    direction,
    from: position?.serial,
    limit: Math.min(limit, limits.historyItems),
    maxBytes: limits.outboundBytes / 4,
    start,
    end,
  });
  return chain(slice, (slice) => {
    if (position && !isSameStore(position, slice))
      throw new RealtimeError(
        'history_expired',
        'this cursor is from an earlier life of the channel',
      );
    return { slice, next: slice.more ? nextPage(slice, direction) : undefined };
  });
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
