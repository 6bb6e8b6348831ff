/**
 * A channel as the app sees it. Free until it is used; the work is done by `attachment.ts` and `publish.ts`.
 *
 * @see channel-api.ts for what each member promises · channel.test.ts
 */
import type {
  AnyMessage,
  Channel,
  Gap,
  HistoryOptions,
  IterateOptions,
  Listener,
  ListenOptions,
  Message,
  Page,
  PublishOptions,
  Receipt,
  Unsubscribe,
} from './channel-api.ts';
import { Attachment } from './attachment.ts';
import { unsubscriber } from './emitter.ts';
import type { RealtimeError } from './errors.ts';
import { historyPages } from './history.ts';
import { messageIds } from './identity.ts';
import { iterateMessages } from './iterate.ts';
import { publish } from './publish.ts';
import { checkRequirements } from './unsupported.ts';

type WithSignal = { signal?: AbortSignal };

export class ChannelCore extends Attachment implements Channel {
  /** Makes the id of a message. */
  readonly nextId: () => string = messageIds(this.client);

  constructor(...from: ConstructorParameters<typeof Attachment>) {
    super(...from);
    const { interception } = this.client;
    if (interception) this.delivery.gaps.on(interception.onGap);
    const { subscribe } = this.state;
    this.state.subscribe = (fn) => this.#keep(subscribe(fn));
  }

  on<Event extends string>(
    event: Event,
    fn: Listener<unknown, Event>,
    options?: ListenOptions,
  ): Unsubscribe {
    return this.#listen(
      event,
      (message) => fn(message.data, message as Message<unknown, Event>),
      options,
    );
  }

  onAny(fn: (message: Message) => void, options?: ListenOptions): Unsubscribe {
    return this.#listen(undefined, fn, options);
  }

  async once<Event extends string>(
    event: Event,
    { signal }: WithSignal = {},
  ): Promise<Message<unknown, Event>> {
    const options = signal ? { signal } : {};
    for await (const message of this.messages({ ...options, buffer: Infinity }))
      if (message.event === event) return message as Message<unknown, Event>;
    throw this.life.reason; // closed
  }

  messages(options?: IterateOptions): AsyncIterableIterator<AnyMessage<Record<string, unknown>>> {
    return iterateMessages(this, options);
  }

  publish(event: string, data: unknown, options?: PublishOptions): Promise<Receipt> {
    const receipt = publish(this, event, data, options);
    this.client.interception?.onPublish({ channel: this.name, event }, receipt);
    return receipt;
  }

  history(options?: HistoryOptions): AsyncIterableIterator<Page> {
    return historyPages(this, options);
  }

  attach({ signal }: WithSignal = {}): Promise<void> {
    this.hold(this);
    return this.whenAttached(signal);
  }

  async detach(): Promise<void> {
    this.release(this, 0);
    await this.left;
  }

  onGap(fn: (gap: Gap) => void): Unsubscribe {
    return this.#keep(this.delivery.gaps.on(fn));
  }

  onError(fn: (error: RealtimeError) => void): Unsubscribe {
    return this.#keep(this.errors.on(fn));
  }

  /** An app need not hold the object for what it listens to. */
  #keep(stop: () => void): Unsubscribe {
    const { kept } = this.client;
    const off = unsubscriber(() => {
      kept.delete(off);
      stop();
    });
    kept.set(off, this);
    return off;
  }

  #listen(
    event: string | undefined,
    fn: (message: Message) => void,
    { rewind = 0, signal }: ListenOptions = {},
  ): Unsubscribe {
    const { listeners } = this.delivery;
    if (rewind > 0) checkRequirements(this, { rewind: true });
    if (signal?.aborted) return unsubscriber(() => {});
    const registration = listeners.add(event, fn, rewind);
    this.hold(registration);
    if (rewind > 0) this.delivery.rewind(registration);
    return unsubscriber(() => {
      listeners.remove(registration);
      this.release(registration);
    }, signal);
  }
}
