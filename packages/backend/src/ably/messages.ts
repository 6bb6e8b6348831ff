/**
 * Messages as Ably carries them: name, data and client id are its own fields; what else we know travels in `extras.headers`.
 *
 * @see docs/adapters/ably.md#on-the-wire · packages/adapter-ably/src/messages.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { Outgoing } from '../provider.ts';

/**
 * An id that Ably remembers: what is published twice under it is delivered once. It ends in the place in its publish, which is the
 * first, for each message is a publish of its own.
 *
 * `<nonce>:<counter>` becomes `<nonce>.<counter>:0`, which the adapter reads back. Any other id is escaped so that it cannot be taken
 * for one of those, nor for another id.
 */
export function remoteId(id: string): string {
  const [, nonce, counter] = /^([\w-]+):(\d+)$/.exec(id) ?? [];
  if (nonce !== undefined) return `${nonce}.${counter}:0`;
  const escaped = encodeURIComponent(id).replace(/\.(?=\d+$)/, '%2E');
  return `${escaped}:0`;
}

export interface AblyMessage {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly encoding?: string;
  readonly clientId?: string;
  readonly extras: Readonly<Record<string, unknown>>;
}

/** `aw`: the wire sequence, 0 for none: the mark that a message is ours. `awx`: what interceptors have added, as JSON. */
export function toMessage(message: Outgoing): AblyMessage {
  const { id, event: name, data, clientId, sequence, extras, volatile } = message;
  return {
    ...{ id: remoteId(id), name },
    // As JSON already: the vendor's library refuses a number, and drops an empty text.
    ...(data instanceof Uint8Array
      ? { data: Buffer.from(data) }
      : { data: JSON.stringify(data), encoding: 'json' }),
    ...(clientId !== undefined && { clientId }),
    extras: {
      ...(volatile && { ephemeral: true }),
      headers: { aw: sequence ?? 0, ...(extras && { awx: JSON.stringify(extras) }) },
    },
  };
}

const lengthOf = (value: unknown): number =>
  value instanceof Uint8Array ? value.length : Buffer.byteLength(String(value));

/**
 * As Ably counts: name, client id, extras and data.
 *
 * @throws {RealtimeError} payload_too_large
 */
export function checkSize(message: Outgoing, maxBytes: number): void {
  const { name, clientId = '', extras, data } = toMessage(message);
  const bytes = [name, clientId, JSON.stringify(extras), data].map(lengthOf);
  const size = bytes.reduce((sum, one) => sum + one, 0);
  if (size > maxBytes)
    throw new RealtimeError(
      'payload_too_large',
      `this message has ${size} bytes at Ably, at most ${maxBytes} are allowed`,
    );
}
