/** From what an adapter reports, or what was published, to what a listener gets. */
import type { Message } from './channel-api.ts';
import type { Inbound } from './contract.ts';

const nobody = { verified: false };

/** A message as listeners get it. */
export function toMessage(
  channel: string,
  found: Pick<Inbound, 'event' | 'data' | 'action'> & Partial<Message>,
): Message {
  return { channel, sender: nobody, replayed: false, local: false, ...found };
}
