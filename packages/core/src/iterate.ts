/** Messages as an async iterable, with a bounded buffer between the channel and a slow reader. */
import type { AnyMessage, Channel, IterateOptions, Message } from './api.ts';
import { onAbort } from './deadline.ts';
import { RealtimeError } from './errors.ts';

/**
 * Ends when the reader leaves its loop, when the client is closed, or with an error.
 *
 * @throws {RealtimeError} overflow · aborted · why the channel failed
 */
export function iterateMessages(
  channel: Pick<Channel, 'onAny'> & { readonly life: AbortSignal },
  { buffer = 1_024, overflow = 'error', signal, ...listening }: IterateOptions = {},
): AsyncIterableIterator<AnyMessage<Record<string, unknown>>> {
  const queue: Message[] = [];
  let end: RealtimeError | 'done' | undefined;
  let wake = (): void => {};
  let stop = (): void => {};

  const finish = (reason: RealtimeError | 'done'): void => {
    end ??= reason;
    off();
    stop();
    wake();
  };
  const off = channel.onAny((message) => {
    queue.push(message);
    wake();
    if (queue.length <= buffer) return;
    if (overflow === 'drop-oldest') queue.shift();
    else finish(new RealtimeError('overflow', `more than ${buffer} messages wait to be read`));
  }, listening);
  stop = onAbort([channel.life, signal], 'reading', (error) =>
    finish(error.code === 'closed' ? 'done' : error),
  );

  const take = async (): Promise<IteratorResult<Message>> => {
    while (!end && queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const value = queue.shift();
    if (value) return { done: false, value };
    if (end && end !== 'done') throw end;
    return { done: true, value: undefined };
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      const result = turn.then(take);
      turn = result.catch(() => {}); // the next one has its turn whatever became of this
      return result;
    },
    async return() {
      queue.length = 0;
      finish('done');
      return { done: true, value: undefined };
    },
  };
}
