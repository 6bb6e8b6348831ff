/** The rewind of a listener that joins a channel which is attached already: from history, for it alone. */
import type { Message } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { Cursor } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { fetchPage } from './history.ts';
import type { Registration } from './listeners.ts';
import { createIntake } from './message.ts';

/**
 * Without history the listener goes live at once, and the app is told. An interruption meanwhile begins it anew, when what
 * was missed has come.
 */
export async function rewindFromHistory(
  attachment: Attachment,
  registration: Registration,
): Promise<void> {
  const { delivery, life } = attachment;
  const { rewind } = registration;
  const { epoch } = delivery.listeners;
  const intake = createIntake(attachment, false);
  const backlog: Message[] = [];
  let from: Cursor | undefined;
  try {
    do {
      const limit = rewind - backlog.length;
      const query = { limit, direction: 'backwards', from } as const;
      const page = await fetchPage(attachment, intake, query, life);
      backlog.unshift(...page.items.toReversed());
      from = page.next;
    } while (from !== undefined && backlog.length < rewind);
  } catch (error) {
    if (delivery.isSettled) attachment.report(RealtimeError.from(error));
  }
  intake.end();
  delivery.intake.after(() => {
    if (delivery.isSettled && delivery.listeners.epoch === epoch)
      delivery.listeners.release(registration, backlog, true);
  });
}
