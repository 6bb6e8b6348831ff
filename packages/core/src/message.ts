/** From what an adapter reports, or what was published, to what a listener gets. */
import type { Attachment } from './attachment.ts';
import type { Message } from './channel-api.ts';
import type { Inbound } from './contract.ts';
import type { RealtimeError } from './errors.ts';
import type { Inlet } from './interception.ts';
import { validate } from './schema.ts';

const nobody = { verified: false };

/** A message as listeners get it. */
export function toMessage(
  channel: string,
  found: Pick<Inbound, 'event' | 'data' | 'action'> & Partial<Message>,
): Message {
  return { channel, sender: nobody, replayed: false, local: false, ...found };
}

/** What the messages of one attachment, or of one reading of its history, pass, and nothing overtakes. */
export interface Intake extends Pick<Inlet, 'after' | 'end'> {
  /** Delivers what becomes of `inbound`; what its schema refuses is reported. */
  open(inbound: Inbound, deliver: (message: Message) => void): void;
}

/** Without interceptors nothing waits. */
export function createIntake(attachment: Attachment, isLive: boolean): Intake {
  const { client, definition, name } = attachment;
  const open: Intake['open'] = (inbound, deliver) => {
    const { event, id = '' } = inbound;
    try {
      const data = validate(definition?.events[event], inbound.data, `'${event}' ${id}`);
      deliver(toMessage(name, { ...inbound, data }));
    } catch (error) {
      attachment.report(error as RealtimeError);
    }
  };
  const { interception } = client;
  if (!interception) return { open, after: (task) => task(false), end: () => {} };
  let inlet = interception.inlet(attachment, isLive);
  return {
    open: (first, deliver) => inlet.open(first, (found) => open(found, deliver)),
    after: (task) => inlet.after(task),
    end(isWhole) {
      inlet.end(isWhole);
      inlet = interception.inlet(attachment, isLive); // for the next attachment
    },
  };
}
