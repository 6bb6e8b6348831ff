/** What travels in an event of Pusher's. @see docs/backend.md#events · packages/adapter-pusher/src/envelope.ts */
import { RealtimeError } from '@anywire/core/errors';
import type { Outgoing, ProviderChannel, ProviderMember } from '../provider.ts';

/** Names that Pusher keeps for itself, and those that only clients may send. */
const reserved = /^(pusher:|pusher_internal:|client-|aw:)/;

/** The event and its data. */
export function toEvent({
  id,
  event,
  data,
  timestamp,
  serial,
  cursor,
  clientId,
  connectionId,
  sequence,
  extras,
}: Outgoing): {
  readonly name: string;
  readonly data: object;
} {
  const isReserved = reserved.test(event);
  const isBytes = data instanceof Uint8Array;
  const aw = {
    ...{
      i: id,
      s: serial,
      k: cursor,
      q: sequence,
      t: timestamp,
      c: clientId,
      n: connectionId,
      x: extras,
    },
    e: isReserved ? event : undefined,
    b: isBytes ? 1 : undefined,
  };
  const d: unknown = isBytes ? Buffer.from(data).toString('base64') : data;
  return { name: isReserved ? 'aw:event' : event, data: { aw, d } };
}

/** Of the data of an event. @see https://pusher.com/docs/channels/server_api/http-api/ */
const maxDataBytes = 10_240;
/** What a store adds: a serial, and a cursor around the id. */
const storedBytes = 96;
/** Around the ciphertext: its nonce, and the names of both. */
const encryptedBytes = 72;

/**
 * Bytes grow as base64, everything grows when it is encrypted, and what travels beside the data counts, too.
 *
 * @throws {RealtimeError} payload_too_large
 */
export function checkSize({ kind }: Pick<ProviderChannel, 'kind'>, message: Outgoing): void {
  const plain =
    Buffer.byteLength(JSON.stringify(toEvent(message).data)) + storedBytes + message.id.length;
  // A secretbox has 16 bytes more than what is in it, and travels as base64.
  const bytes = kind === 'encrypted' ? Math.ceil((plain + 16) / 3) * 4 + encryptedBytes : plain;
  if (bytes > maxDataBytes)
    throw new RealtimeError(
      'payload_too_large',
      `this message has ${bytes} bytes at Pusher, at most ${maxDataBytes} are allowed`,
    );
}

export const maxUserIdLength = 128;

/** What names a member at Pusher: one for each instance. */
export function userIdOf(
  { clientId, instanceId }: ProviderMember,
  digest: (text: string) => string,
): string {
  const plain = `${clientId} ${instanceId}`;
  return plain.length <= maxUserIdLength ? plain : digest(plain);
}
