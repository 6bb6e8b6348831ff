/** The rewind of a listener that joins a channel which is attached already: from history, for it alone. */
import type { Message } from './api.ts';
import type { Attachment } from './attachment.ts';
import { RealtimeError } from './errors.ts';
import { fetchPage } from './history.ts';
import type { Registration } from './listeners.ts';

/** Without history the listener goes live at once, and the app is told. */
export async function rewindFromHistory(
  attachment: Attachment,
  registration: Registration,
): Promise<void> {
  let backlog: readonly Message[] = [];
  try {
    const query = { limit: registration.rewind, direction: 'backwards' } as const;
    backlog = (await fetchPage(attachment, query, attachment.life)).items.toReversed();
  } catch (error) {
    attachment.report(RealtimeError.from(error));
  }
  attachment.listeners.release(registration, backlog);
}
