/**
 * One publish: checks it before anything is sent, gives it its id, and hands it to the outbox; volatile ones go
 * straight to the connection or nowhere.
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
import { checkRequirements, unsupported } from './unsupported.ts';

export async function publish(
  attachment: ChannelCore,
  event: string,
  data: unknown,
  { volatile = false, ack, key, signal }: PublishOptions = {},
): Promise<Receipt> {
  const { capabilities } = attachment;
  const { connection, outbox } = attachment.client;
  if (!event || typeof event !== 'string' || event.length > 128)
    throw new RealtimeError('invalid', 'an event name has 1 to 128 characters');
  if (volatile && ((ack && ack !== 'none') || key !== undefined))
    throw new RealtimeError('invalid', 'volatile proves nothing, and never waits');
  if (ack) checkRequirements(attachment, { ack });
  const maxBytes = capabilities.maxPayloadBytes;
  const what = `data of '${event}'`;
  let json: string | undefined;
  if (!isBytes(data)) json = toJson(data, maxBytes, what);
  else if (capabilities.binary === 'none') throw unsupported(attachment, 'binary data');
  else data = toBytes(data, capabilities.binary === 'emulated', maxBytes, what);
  if (signal?.aborted) throw new RealtimeError('aborted', 'publish was aborted');
  const { unavailable } = outbox;
  if (unavailable && !volatile) throw unavailable;
  connection.ensure();
  const outbound = {
    id: attachment.nextId(),
    event,
    data,
    json,
    volatile,
  };
  const receipt = volatile
    ? tryNow(attachment, outbound)
    : await outbox.add({ ...outbound, attachment, key }, signal);
  // A service that stated only later what it has is told of here; what was replaced has nothing to prove.
  if (receipt.attempts > 0 && rankOf(receipt.level) < rankOf(ack))
    throw unsupported(attachment, `ack '${ack}': it was sent, and is '${receipt.level}'`);
  copyOwn(attachment, outbound, receipt);
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
