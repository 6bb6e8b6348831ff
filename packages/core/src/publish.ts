/**
 * One publish: checks it before anything is sent, gives it its id, and hands it to the outbox; volatile ones go
 * straight to the connection or nowhere.
 *
 * @see docs/semantics.md#publish · publish.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { PublishOptions, Receipt } from './channel-api.ts';
import type { Outbound } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { toMessage } from './message.ts';
import type { Outbox } from './outbox.ts';
import { toJson } from './payload.ts';
import { checkRequirements } from './unsupported.ts';

export class Publisher {
  readonly #attachment: Attachment;
  readonly #outbox: Outbox;
  readonly #ids: { highest: number };
  #counter: number;

  /** @param ids shared by all channels: a channel object made anew begins after every counter that was given */
  constructor(attachment: Attachment, outbox: Outbox, ids: { highest: number }) {
    this.#attachment = attachment;
    this.#outbox = outbox;
    this.#ids = ids;
    this.#counter = ids.highest;
  }

  async publish(event: string, data: unknown, options: PublishOptions = {}): Promise<Receipt> {
    const { volatile = false, ack, signal } = options;
    const { host, name, capabilities, listeners, echo } = this.#attachment;
    const { connection, context } = host;
    if (!event || typeof event !== 'string' || event.length > 128) {
      throw new RealtimeError('invalid', 'an event name has 1 to 128 characters');
    }
    if (volatile && ack && ack !== 'none')
      throw new RealtimeError('invalid', `volatile proves nothing, not '${ack}'`);
    if (ack) checkRequirements(this.#attachment, { ack });
    const json = toJson(
      data,
      connection.limits.maxPayloadBytes ?? capabilities.maxPayloadBytes,
      `data of '${event}'`,
    );
    const unavailable = connection.unavailable();
    if (unavailable && !volatile) throw unavailable;
    connection.ensure();
    this.#ids.highest = Math.max(this.#ids.highest, ++this.#counter);
    const outbound = { id: `${context.nonce}:${this.#counter}`, event, data, json, volatile };
    const receipt = volatile ? this.#tryNow(outbound) : await this.#deliver(outbound, signal);
    if (echo && capabilities.echo === 'none' && receipt.attempts > 0) {
      // The backend does not send own messages back, and the app wants them.
      const { id, serial, timestamp } = receipt;
      listeners.dispatch(
        toMessage(name, { event, data, action: 'create' }, { id, serial, timestamp, local: true }),
      );
    }
    return receipt;
  }

  async #deliver(outbound: Outbound, signal: AbortSignal | undefined): Promise<Receipt> {
    const release = this.#attachment.capabilities.publish.needsAttach
      ? this.#attachment.hold()
      : undefined;
    try {
      // A channel that is refused for good sends nothing.
      return await this.#outbox.add(this.#attachment, outbound, [
        signal,
        release && this.#attachment.life,
      ]);
    } finally {
      release?.();
    }
  }

  /** Now or never: its receipt proves nothing. */
  #tryNow(outbound: Outbound): Receipt {
    const { host, name, capabilities, state } = this.#attachment;
    const { session, life } = host.connection;
    const isReady = session && (!capabilities.publish.needsAttach || state.get() === 'attached');
    if (isReady) {
      session
        .publish(name, [outbound], life)
        .catch((error: unknown) =>
          host.context.log('debug', 'a volatile publish was dropped', { error }),
        );
    }
    return {
      id: outbound.id,
      level: 'none',
      serial: undefined,
      timestamp: undefined,
      attempts: isReady ? 1 : 0,
    };
  }
}
