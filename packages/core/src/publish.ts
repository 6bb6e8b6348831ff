/**
 * One publish: checks it before anything is sent, gives it its id, sends it through the interceptors, and hands it to the
 * outbox; volatile ones go straight to the connection or nowhere.
 *
 * @see docs/semantics.md#publish · publish.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { ChannelCore } from './channel.ts';
import type { PublishOptions, Receipt } from './channel-api.ts';
import type { Outbound } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { toMessage } from './message.ts';
import { rankOf } from './narrow.ts';
import { isBytes, toBytes, toJson } from './payload.ts';
import { toReceipt } from './receipt.ts';
import { validate } from './schema.ts';
import { checkRequirements, unsupported } from './unsupported.ts';

export async function publish(
  attachment: ChannelCore,
  event: string,
  data: unknown,
  { volatile = false, ack, key, signal }: PublishOptions = {},
): Promise<Receipt> {
  const { definition, client } = attachment;
  const { connection, outbox, interception } = client;
  const intercepted = interception?.publish;
  if (!event || typeof event !== 'string' || event.length > 128)
    throw new RealtimeError('invalid', 'an event name has 1 to 128 characters');
  if (volatile && ((ack && ack !== 'none') || key !== undefined))
    throw new RealtimeError(
      'invalid',
      '`volatile` proves nothing and never waits: leave out `ack` and `key`',
    );
  if (ack) checkRequirements(attachment, { ack });
  const maxBytes = attachment.capabilities.maxPayloadBytes;
  const wire = toWire(attachment, event, data, intercepted ? Infinity : maxBytes);
  const spec = definition?.events[event];
  // What arrives: whatever becomes of the object, and without what JSON does not hold.
  const isRead = intercepted || spec?.['~standard'];
  const sent = isRead && wire.json !== undefined ? (JSON.parse(wire.json) as unknown) : wire.data;
  const shown = validate(spec, sent, `data of '${event}'`);
  if (signal?.aborted) throw new RealtimeError('aborted', 'publish was aborted');
  const check = (): void => {
    const { unavailable } = outbox;
    if (unavailable && !volatile) throw unavailable;
  };
  check();
  connection.ensure();

  const message = { id: attachment.nextId(), event, data: sent, volatile };
  // The parts of a message do not replace each other.
  const send = (one: Outbound, until = signal, isWhole = true): Promise<Receipt> | Receipt =>
    volatile
      ? tryNow(attachment, one)
      : outbox.add({ ...one, attachment, key: isWhole ? key : undefined }, until);
  const receipt =
    intercepted && (!volatile || connection.session)
      ? await intercepted(attachment, message, {
          maxPayloadBytes: maxBytes,
          signals: [connection.life, signal],
          toOutbound(one) {
            check(); // it may have taken a while
            return { ...one, ...toWire(attachment, event, one.data, maxBytes) };
          },
          send,
        })
      : await send({ ...message, json: wire.json });
  // A service that stated only later what it has is told of here; what was replaced has nothing to prove.
  if (receipt.attempts > 0 && rankOf(receipt.level) < rankOf(ack))
    throw unsupported(attachment, `ack '${ack}': it was sent, and is '${receipt.level}'`);
  copyOwn(attachment, { event, data: shown }, receipt);
  return receipt;
}

/** Where the backend does not send own messages back, and the app wants them. */
export function copyOwn(
  { name, echo, capabilities, delivery }: Attachment,
  { event, data }: Pick<Outbound, 'event' | 'data'>,
  { id, serial, timestamp, attempts }: Receipt,
): void {
  if (!echo || capabilities.echo !== 'none' || attempts === 0) return;
  const own = { id, event, data, action: 'create', serial, timestamp, local: true } as const;
  delivery.copy(toMessage(name, own));
}

/** @throws {RealtimeError} invalid · unsupported · payload_too_large */
function toWire(
  attachment: Attachment,
  event: string,
  data: unknown,
  maxBytes: number,
): Pick<Outbound, 'data' | 'json'> {
  const { binary } = attachment.capabilities;
  const what = `data of '${event}'`;
  if (!isBytes(data)) return { data, json: toJson(data, maxBytes, what) };
  if (binary === 'none') throw unsupported(attachment, 'binary data');
  return { data: toBytes(data, binary === 'emulated', maxBytes, what), json: undefined };
}

/** Now or never: its receipt proves nothing. */
function tryNow(attachment: Attachment, outbound: Outbound): Receipt {
  const { client, name, canPublish } = attachment;
  const { session, broken } = client.connection;
  const isReady = session && canPublish && client.rates.take(attachment, ['publish'], 1) > 0;
  if (isReady)
    client
      .within('publish', [broken], (signal) => session.publish(name, [outbound], signal))
      .catch((error: unknown) => client.log('debug', 'volatile dropped', { error }));
  return toReceipt(outbound.id, isReady ? 1 : 0, { level: 'none' });
}
