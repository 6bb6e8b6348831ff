/**
 * Own messages, shown before the server has them. The SDK gives a publish its id at once and lists it in the
 * outbox until its promise settles: the line on the page says what the outbox says.
 */
import { RealtimeError, type OutboxEntry, type Realtime, type Receipt } from '@anywire/core';
import type { channels } from '../channels.ts';
import type { Log, MessageLine } from './log.ts';
import { failureWords } from './words.ts';

/** The SDK, as this page uses it. */
export type Chat = Realtime<typeof channels>;

/** What is sent, and how it looks until it is delivered. */
export interface Draft {
  readonly channel: string;
  readonly line: Pick<MessageLine, 'fromId' | 'fromName' | 'isOwn' | 'text'>;
  /** Nobody sends us a copy. @default false */
  readonly isOneWay?: boolean;
  publish(): Promise<Receipt>;
  /** Called once it was sent. */
  sent?(receipt: Receipt): void;
}

const lineStates: Readonly<Record<OutboxEntry['state'], MessageLine['state']>> = {
  waiting: 'waiting',
  written: 'sending',
  failed: 'failed', // of an earlier page: there is none without a store
};

/** Publishes the draft, and shows in `log` what becomes of it. */
export function send(chat: Chat, log: Log, draft: Draft): void {
  const { entries } = chat.outbox;
  const ours = (): readonly OutboxEntry[] =>
    entries.get().filter(({ channel }) => channel === draft.channel);
  const before = new Set(ours().map(({ id }) => id));
  const receipt = draft.publish();
  const id = ours().find((entry) => !before.has(entry.id))?.id;

  const line = log.pending({ ...draft.line, id, at: undefined, state: 'sending' });
  const unwatch = entries.subscribe(() => {
    const entry = ours().find((other) => other.id === id);
    if (entry) line.change({ state: lineStates[entry.state] });
  });
  const retry = (): void => {
    line.discard();
    send(chat, log, draft);
  };
  const failed = (error: unknown): void =>
    line.change({
      state: 'failed',
      problem: failureWords(error),
      remove: () => line.discard(),
      ...(mayHelp(error) && { retry }),
    });
  void receipt
    .then((given) => {
      const { id, level: proof, timestamp: at = Date.now() } = given;
      line.change({ state: 'sent', id, at, proof });
      if (draft.isOneWay) line.keep();
      draft.sent?.(given);
    }, failed)
    .finally(unwatch);
}

/** Whether the same message could be sent another time. */
function mayHelp(error: unknown): boolean {
  return RealtimeError.is(error) && (error.retryable || error.code === 'outcome_unknown');
}
