/** Messages as an async iterable, with a bounded buffer between the channel and a slow reader. */
import type { AnyMessage, Channel, IterateOptions, Message } from './api.ts';
import type { Attachment } from './attachment.ts';
import { onAbort } from './deadline.ts';
import { RealtimeError } from './errors.ts';

/**
 * Ends when the reader leaves its loop, when the client is closed, or with an error.
 *
 * @throws {RealtimeError} overflow · aborted · why the channel failed
 */
export function iterateMessages(
  attachment: Attachment,
  channel: Channel,
  { buffer = 1_024, overflow = 'error', signal, ...listening }: IterateOptions = {},
): AsyncIterableIterator<AnyMessage<Record<string, unknown>>> {
  const queue: Message[] = [];
  const pulls: {
    resolve: (result: IteratorResult<Message>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  let end: { error: RealtimeError | undefined } | undefined;

  const finish = (error?: RealtimeError): void => {
    if (end) return;
    end = { error };
    off();
    stop();
    for (const { resolve, reject } of pulls.splice(0)) {
      if (error) reject(error);
      else resolve({ done: true, value: undefined });
    }
  };
  const off = channel.onAny((message) => {
    const pull = pulls.shift();
    if (pull) return pull.resolve({ done: false, value: message });
    queue.push(message);
    if (queue.length <= buffer) return;
    if (overflow === 'drop-oldest') queue.shift();
    else finish(new RealtimeError('overflow', `more than ${buffer} messages waited to be read`));
  }, listening);
  const stop = onAbort([attachment.life, signal], 'reading', (error) =>
    // Deferred, because a signal may have fired before there was anything to stop.
    queueMicrotask(() => finish(error.code === 'closed' ? undefined : error)),
  );

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      const value = queue.shift();
      if (value) return Promise.resolve({ done: false, value });
      if (end?.error) return Promise.reject(end.error);
      if (end) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => pulls.push({ resolve, reject }));
    },
    return() {
      finish();
      queue.length = 0;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
