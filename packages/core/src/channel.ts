/**
 * A channel as the app sees it. Free until it is used; the work is done by `attachment.ts` and `publish.ts`.
 *
 * @see api.ts for what each member promises · channel.test.ts
 */
import type { Channel, ListenOptions, Message, Unsubscribe } from './api.ts';
import type { Attachment } from './attachment.ts';
import { onAbort } from './deadline.ts';
import { unsubscriber } from './emitter.ts';
import { historyPages } from './history.ts';
import { iterateMessages } from './iterate.ts';
import { publish } from './publish.ts';
import { checkRequirements } from './unsupported.ts';

export function createChannel(attachment: Attachment): Channel {
  const { name, state, capabilities, presence, listeners, gaps, errors } = attachment;

  const listen = (
    event: string | undefined,
    fn: (message: Message) => void,
    { rewind = 0, signal }: ListenOptions = {},
  ): Unsubscribe => {
    if (rewind > 0) checkRequirements(attachment, { rewind: true });
    if (signal?.aborted) return unsubscriber(() => {});
    const registration = listeners.add(event, fn, rewind);
    attachment.hold(registration);
    if (rewind > 0) attachment.rewind(registration);
    return unsubscriber(() => {
      listeners.remove(registration);
      attachment.release(registration);
    }, signal);
  };

  const channel: Channel = {
    name,
    state,
    capabilities,
    presence,
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
          stop();
          off(); // may detach
          resolve(message as never);
        });
        const stop = onAbort([attachment.life, signal], 'once', (error) => {
          off();
          reject(error);
        });
      }),
    messages: (options) => iterateMessages(attachment, channel, options),
    publish: (event, data, options) => publish(attachment, event, data, options),
    history: (options) => historyPages(attachment, options),
    attach({ signal } = {}) {
      attachment.hold(channel);
      return attachment.whenAttached(signal);
    },
    async detach() {
      attachment.release(channel, 0);
    },
    onGap: (fn) => gaps.on(fn),
    onError: (fn) => errors.on(fn),
  };
  return channel;
}
