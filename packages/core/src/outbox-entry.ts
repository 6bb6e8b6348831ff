/**
 * One publish in the outbox: what it is, what is known of its tries, and how an app sees it.
 *
 * @see outbox.ts
 */
import type { Attachment } from './attachment.ts';
import type { OutboxEntry, Receipt } from './channel-api.ts';
import type { Outbound } from './contract.ts';
import { RealtimeError } from './errors.ts';

/** A publish on its way into the outbox. */
export interface Draft extends Outbound {
  readonly attachment: Attachment;
  /** Of those that wait, only the newest with this key in this channel stays. */
  readonly key?: string | undefined;
}

/** One publish that has not settled. */
export interface Entry extends Omit<Draft, 'sequence'> {
  readonly queuedAt: number;
  /** Of its data. */
  readonly bytes: number;
  /** Takes it out of the outbox; later calls do nothing. */
  readonly settle: (result: Receipt | RealtimeError) => void;
  sequence?: number;
  state: OutboxEntry['state'];
  attempts: number;
  /** When it was written first, of the tries of which nobody has said what became of them. */
  writtenAt: number;
  /** The same without the newest try, which may be refused. */
  earlierAt: number;
}

/** Ends it without a proof. */
export function fail({ writtenAt, settle }: Entry, cause: RealtimeError): void {
  settle(
    writtenAt === Infinity || cause.code === 'aborted'
      ? cause
      : new RealtimeError('outcome_unknown', 'written, and no answer came', { cause }),
  );
}

export const toView = ({ id, attachment, event, data, state, queuedAt }: Entry): OutboxEntry => {
  return { id, channel: attachment.name, event, data, state, queuedAt };
};
