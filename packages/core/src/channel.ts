/**
 * A channel as the app sees it. Free until it is used; the work is done by `attachment.ts` and `publish.ts`.
 *
 * @see api.ts for what each member promises · channel.test.ts
 */
import type { Channel, ListenOptions, Message, Unsubscribe } from './api.ts';
import type { Attachment } from './attachment.ts';
import { unsubscriber } from './emitter.ts';
import { onAbort } from './deadline.ts';
import { historyPages } from './history.ts';
import { iterateMessages } from './iterate.ts';
import type { Publisher } from './publish.ts';
import { checkRequirements } from './unsupported.ts';

export function createChannel(attachment: Attachment, publisher: Publisher): Channel {
  let releaseAttach: ((lingerMs?: number) => void) | undefined;

  const listen = (
    event: string | undefined,
    fn: (message: Message) => void,
    { rewind = 0, signal }: ListenOptions = {},
  ): Unsubscribe => {
    if (rewind > 0) checkRequirements(attachment, { rewind: true });
    if (signal?.aborted) return unsubscriber(() => {});
    const registration = attachment.listeners.add(event, fn, rewind);
    const release = attachment.hold();
    if (rewind > 0) void attachment.rewind(registration);
    return unsubscriber(() => {
      attachment.listeners.remove(registration);
      release();
    }, signal);
  };

  const channel: Channel = {
    name: attachment.name,
    state: attachment.state,
    capabilities: attachment.capabilities,
    presence: attachment.presence,
    get error() {
      return attachment.error;
    },
    on: (event, fn, options) =>
      listen(
        event,
        (message) => fn(message.data, message as Message<unknown, typeof event>),
        options,
      ),
    onAny: (fn, options) => listen(undefined, fn, options),
    once: (event, { signal } = {}) =>
      new Promise((resolve, reject) => {
        const off = listen(event, (message) => {
          off();
          stop();
          resolve(message as never);
        });
        const stop = onAbort([attachment.life, signal], 'once', (error) => {
          off();
          reject(error);
        });
      }),
    messages: (options) => iterateMessages(attachment, channel, options),
    publish: (event, data, options) => publisher.publish(event, data, options),
    history: (options) => historyPages(attachment, options),
    async attach({ signal } = {}) {
      const before = releaseAttach;
      releaseAttach = attachment.hold(); // a channel that has failed is tried again
      before?.();
      await attachment.whenAttached(signal);
    },
    detach() {
      releaseAttach?.(0);
      releaseAttach = undefined;
      return Promise.resolve();
    },
    onGap: (fn) => attachment.gaps.on(fn),
    onError: (fn) => attachment.errors.on(fn),
  };
  return channel;
}
