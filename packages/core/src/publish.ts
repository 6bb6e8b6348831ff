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
import { toJson } from './payload.ts';
import { checkRequirements } from './unsupported.ts';

export async function publish(
  attachment: Attachment,
  event: string,
  data: unknown,
  { volatile = false, ack, signal }: PublishOptions = {},
): Promise<Receipt> {
  const { client, name, capabilities, listeners, echo } = attachment;
  const { connection, outbox, nonce } = client;
  if (!event || typeof event !== 'string' || event.length > 128)
    throw new RealtimeError('invalid', 'an event name has 1 to 128 characters');
  if (volatile && ack && ack !== 'none')
    throw new RealtimeError('invalid', `volatile proves nothing, not '${ack}'`);
  if (ack) checkRequirements(attachment, { ack });
  const maxBytes = connection.limits.maxPayloadBytes ?? capabilities.maxPayloadBytes;
  const json = toJson(data, maxBytes, `data of '${event}'`);
  if (signal?.aborted) throw new RealtimeError('aborted', 'publish was aborted');
  const unavailable = connection.unavailable();
  if (unavailable && !volatile) throw unavailable;
  connection.ensure();
  const outbound = { id: `${nonce}:${++outbox.count}`, event, data, json, volatile };
  const receipt = volatile
    ? tryNow(attachment, outbound)
    : await deliver(attachment, outbound, signal);
  if (echo && capabilities.echo === 'none' && receipt.attempts > 0) {
    // The backend does not send own messages back, and the app wants them.
    const { id, serial, timestamp } = receipt;
    const own = { event, data, action: 'create' } as const;
    listeners.dispatch(toMessage(name, own, { id, serial, timestamp, local: true }));
  }
  return receipt;
}

async function deliver(
  attachment: Attachment,
  outbound: Outbound,
  signal: AbortSignal | undefined,
): Promise<Receipt> {
  const { needsAttach } = attachment.capabilities.publish;
  if (needsAttach) attachment.hold(outbound);
  try {
    // A channel that is refused for good sends nothing.
    const life = needsAttach ? attachment.life : undefined;
    return await attachment.client.outbox.add(attachment, outbound, [signal, life]);
  } finally {
    attachment.release(outbound);
  }
}

/** Now or never: its receipt proves nothing. */
function tryNow({ client, name, canPublish }: Attachment, outbound: Outbound): Receipt {
  const { session, broken } = client.connection;
  const isReady = session && canPublish;
  if (isReady)
    client
      .within('publish', [broken], (signal) => session.publish(name, [outbound], signal))
      .catch((error: unknown) => client.log('debug', 'a volatile publish was dropped', { error }));
  const unproven = { level: 'none', serial: undefined, timestamp: undefined } as const;
  return { id: outbound.id, ...unproven, attempts: isReady ? 1 : 0 };
}
