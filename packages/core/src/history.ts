/**
 * History: pages of what the backend keeps. A page that is cut off by a lost connection is asked for again.
 *
 * @see docs/semantics.md#history · history.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { HistoryOptions, Message, Page } from './channel-api.ts';
import type { HistoryPage, HistoryQuery } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { createIntake, type Intake } from './message.ts';
import { perform } from './perform.ts';
import { unsupported } from './unsupported.ts';

/** @throws {RealtimeError} unsupported · timeout · aborted · history_expired · forbidden */
export function readPage(
  attachment: Attachment,
  query: HistoryQuery,
  signal: AbortSignal | undefined,
): Promise<HistoryPage> {
  const { name, client } = attachment;
  const bounded = (): HistoryQuery => {
    const { support, limit } = attachment.capabilities.history;
    if (support === 'none') throw unsupported(attachment, 'history');
    return { ...query, limit: Math.min(query.limit, limit) };
  };
  bounded(); // refused before it connects
  return perform(client.connection, `history of '${name}'`, [signal], ({ history }, inner) =>
    history!.page(name, bounded(), inner),
  );
}

/** The same, as the app gets it. */
export async function fetchPage(
  attachment: Attachment,
  intake: Intake,
  query: HistoryQuery,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const { items, next, complete } = await readPage(attachment, query, signal);
  const messages: Message[] = [];
  for (const item of items)
    intake.open({ ...item, replayed: true }, (message) => messages.push(message));
  const what = `history of '${attachment.name}'`;
  const through = (): Promise<unknown> => new Promise((resolve) => intake.after(resolve));
  await attachment.client.within(what, [signal], through);
  if (next === undefined) intake.end(true);
  return { items: messages, next, complete };
}

/** Pages until the last one, or until the reader stops. */
export async function* historyPages(
  attachment: Attachment,
  { limit = 100, direction = 'backwards', from, start, end, signal }: HistoryOptions = {},
): AsyncIterableIterator<Page> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RealtimeError('invalid', '`limit` is at least 1');
  let next = from;
  if (from === 'attach') {
    const use = {}; // nobody else may use it
    attachment.hold(use);
    try {
      await attachment.whenAttached(signal);
      next = attachment.delivery.began ?? from;
    } finally {
      attachment.release(use);
    }
  }
  const intake = createIntake(attachment, false);
  try {
    do {
      const query = { limit, direction, from: next, start, end };
      const page: Page = await fetchPage(attachment, intake, query, signal);
      yield page;
      next = page.next;
    } while (next !== undefined);
  } finally {
    intake.end();
  }
}
