/**
 * `server.history`: pages of stored messages as plain objects.
 *
 * @see history.ts, which reads them · backend.ts · backend.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { MessageFrame } from '@anywire/protocol';
import { dataOf } from './content.ts';
import type { Entry } from './engine.ts';
import { checkHistory, readPage } from './history.ts';
import type { Hub } from './hub.ts';
import type { Extras } from './publish-backend.ts';

export interface HistoryQuery {
  /** Messages of the page; never more than `limits.historyItems`, and fewer when they are large. @default 100 */
  readonly limit?: number;
  /** `backwards`: newest first. @default 'backwards' */
  readonly direction?: 'backwards' | 'forwards';
  /** `next` of the page before this one, in the same direction. @default the end, or the beginning */
  readonly from?: string;
  /** ms since 1970, inclusive. */
  readonly start?: number;
  /** ms since 1970, inclusive. */
  readonly end?: number;
}

export interface StoredMessage {
  readonly id: string;
  readonly event: string;
  /** A JSON value, or a `Uint8Array`. */
  readonly data: unknown;
  readonly serial: number;
  /** ms since 1970. */
  readonly timestamp: number;
  /** Who published it; absent for anonymous clients and for the app itself. */
  readonly clientId?: string;
  /** Absent for the app itself. */
  readonly connectionId?: string;
  readonly extras?: Extras;
}

export interface HistoryPage {
  /** In the direction of the query. */
  readonly items: readonly StoredMessage[];
  /** `from` of the next page; absent: this is the last one. */
  readonly next?: string;
  /** False when retention has cut off what the query asked for. */
  readonly complete: boolean;
}

const defaultLimit = 100;

/** @throws {RealtimeError} invalid, unsupported, history_expired, server_error */
export async function pageOf(
  hub: Hub,
  channel: string,
  { limit = defaultLimit, direction = 'backwards', from, start, end }: HistoryQuery,
): Promise<HistoryPage> {
  checkHistory(hub, channel);
  if (!(Number.isSafeInteger(limit) && limit > 0)) throw wrong('"limit" is 1 or more');
  if (direction !== 'backwards' && direction !== 'forwards')
    throw wrong('"direction" is "backwards" or "forwards"');
  if (from !== undefined && typeof from !== 'string') throw wrong('"from" is not a cursor');
  for (const time of [start, end])
    if (time !== undefined && !Number.isFinite(time))
      throw wrong('"start" and "end" are ms since 1970');
  const { slice, next } = await readPage(hub.parts, channel, {
    limit,
    direction,
    from,
    start,
    end,
  });
  return {
    items: slice.entries.map(messageOf),
    ...(next === undefined ? {} : { next }),
    complete: slice.complete,
  };
}

/** A stored message as the app sees it. */
export function messageOf({ serial, id, timestamp, frame }: Entry): StoredMessage {
  const message = JSON.parse(frame.text) as MessageFrame;
  const { e: event, u: clientId, k: connectionId, x: extras } = message;
  return {
    ...{ id, event, data: dataOf(message), serial, timestamp },
    ...(clientId === undefined ? {} : { clientId }),
    ...(connectionId === undefined ? {} : { connectionId }),
    ...(extras === undefined ? {} : { extras }),
  };
}

const wrong = (message: string): RealtimeError => new RealtimeError('invalid', message);
