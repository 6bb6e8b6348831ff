/** From what an adapter reports to what a listener gets. */
import type { Message } from './channel-api.ts';
import type { Inbound } from './contract.ts';

const nobody = { verified: false };

/** A message as listeners get it; `more` says where it comes from. */
export function toMessage(channel: string, inbound: Inbound, more?: Partial<Message>): Message {
  return { channel, sender: nobody, replayed: false, local: false, ...inbound, ...more };
}
