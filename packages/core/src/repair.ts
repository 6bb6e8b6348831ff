/**
 * What a channel missed, read from the backend's history or from the app.
 *
 * When it is asked for, and what becomes of it, is decided by `delivery.ts`.
 *
 * @see docs/semantics.md#continuity · repair.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { Missed, MissedMessage, Since } from './channel-api.ts';
import type { Cursor, Inbound } from './contract.ts';
import { readPage } from './history.ts';

/** The end of what was delivered. */
export type Position = Omit<Since, 'signal'>;

export const positionOf = (
  cursor: Cursor | undefined,
  { id, serial, timestamp }: Partial<Inbound> = {},
): Position => ({ cursor, id, serial, timestamp });

/** Whether there is anybody to ask. */
export const canRepair = ({ delivery, capabilities }: Attachment): boolean =>
  delivery.fetchSince !== undefined || capabilities.history.support !== 'none';

/**
 * Everything after `since`, oldest first.
 *
 * @param until - where live messages begin
 * @throws {RealtimeError} timeout · aborted · history_expired · forbidden · what `fetchSince` throws
 */
export async function fetchMissed(
  attachment: Attachment,
  since: Position,
  until: Cursor | undefined,
  signal: AbortSignal,
): Promise<Missed> {
  const { client, capabilities, life } = attachment;
  const { fetchSince } = attachment.delivery;
  if (fetchSince)
    return client.within('fetchSince', [signal, life], (inner) =>
      fetchSince({ ...since, signal: inner }),
    );
  const goesOn = capabilities.history.after && since.cursor !== undefined;
  const direction = goesOn ? 'forwards' : 'backwards';
  const items: Inbound[] = [];
  let isComplete = true;
  let from = goesOn ? since.cursor : until;
  do {
    const query = { direction, from, limit: client.repairMessages } as const;
    const page = await readPage(attachment, query, signal);
    const anchor = goesOn ? -1 : page.items.findIndex((item) => isSame(item, since));
    if (goesOn) items.push(...page.items);
    else items.unshift(...page.items.slice(0, anchor < 0 ? undefined : anchor).reverse());
    if (anchor >= 0) return { items, complete: true };
    isComplete &&= page.complete;
    from = page.next;
  } while (from !== undefined && items.length < client.repairMessages);
  if (goesOn) return { items, complete: isComplete && from === undefined };
  // Backwards, and the last delivered message was not met: what is older than that was never missed.
  const { timestamp: sinceMs = Infinity } = since;
  const newer = items.filter(({ timestamp = -Infinity }) => timestamp > sinceMs);
  return { items: newer, complete: false };
}

/** Compared by the first of these that both have: serials count anew in another epoch. */
const isSame = (a: MissedMessage, b: Position): boolean => {
  const key = (['cursor', 'id', 'serial'] as const).find(
    (name) => a[name] !== undefined && b[name] !== undefined,
  );
  return key !== undefined && a[key] === b[key];
};
