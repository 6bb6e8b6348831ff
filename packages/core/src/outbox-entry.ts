/**
 * One publish in the outbox: what it is, what is known of its tries, and how an app sees it.
 *
 * @see outbox.ts
 */
import type { ChannelCore } from './channel.ts';
import type { OutboxEntry, Receipt } from './channel-api.ts';
import type { Client } from './context.ts';
import type { Outbound } from './contract.ts';
import { RealtimeError } from './errors.ts';

/** A publish on its way into the outbox. */
export interface Draft extends Outbound, Partial<Past> {
  readonly attachment: ChannelCore;
  /** Of those that wait, only the newest with this key in this channel stays. */
  readonly key?: string | undefined;
}

/** What is known of an earlier page's publish. */
interface Past {
  readonly queuedAt: number;
  attempts: number;
  /** When it was written first, of the tries of which nobody has said what became of them. */
  writtenAt: number;
  /** Who its sender was: it comes from a {@link Keeper}, and nobody holds its promise. */
  readonly restoredFor: { readonly user: string | undefined } | undefined;
}

/** One publish that has not settled. */
export interface Entry extends Omit<Draft, 'id' | 'sequence' | keyof Past>, Past {
  id: string;
  sequence?: number;
  /** Of its data. */
  readonly bytes: number;
  /** Takes it out of the outbox; later calls do nothing. */
  readonly settle: (result: Receipt | RealtimeError) => void;
  state: 'waiting' | 'written';
  /** As `writtenAt`, without the newest try, which may be refused. */
  earlierAt: number;
}

/** Names a publish: ids are unique in their channel. */
export type EntryName = Pick<OutboxEntry, 'id' | 'channel'>;

/** What keeps the outbox over a reload. @see persist.ts */
export interface Keeper {
  /** Stands in for `outboxAgeMs`. */
  readonly ageMs: number;
  /** What an earlier page left, and waits for the app. */
  readonly failed: ReadonlyMap<string, OutboxEntry>;
  /** It is new here, or waits again. */
  changed(entry: Entry): void;
  settled(entry: Entry, result: Receipt | RealtimeError): void;
  /** All of these, when they may be handed over; else none, and it calls `flushSoon` later. */
  ready(entries: Entry[]): Entry[];
  retry(name: EntryName): void;
  discard(name: EntryName): void;
}

export type OpenKeeper = (
  client: Client,
  open: (channel: string, echo: boolean) => ChannelCore,
) => Keeper;

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
