/**
 * Ably's webhooks, in the words that are the same for all services.
 *
 * Ably signs the body alone, and batches alone. So what stands in headers, as it does where a request has no envelope, is signed by
 * nobody, and is refused.
 *
 * @see https://ably.com/docs/platform/integrations/webhooks · docs/backend.md
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { RealtimeError } from '@anywire/core/errors';
import type { HttpHeaders } from '@anywire/server/kit';
import Ably, { type InboundMessage, type PresenceMessage } from 'ably';
import type { BackendEvent } from '../provider.ts';
import { appName } from './names.ts';

/** One event of a batch. */
interface Item {
  readonly name?: string;
  readonly source?: string;
  readonly data?: Content;
}

interface Content {
  readonly channelId?: string;
  readonly channel?: string;
  readonly messages?: readonly unknown[];
  readonly presence?: readonly unknown[];
}

/** @throws {RealtimeError} forbidden, for a signature that is wrong; invalid, for a body that is none of Ably's */
export async function readWebhook(
  key: { readonly name: string; readonly secret: string },
  headers: HttpHeaders,
  body: string,
): Promise<readonly BackendEvent[]> {
  const wanted = createHmac('sha256', key.secret).update(body).digest();
  const given = Buffer.from(String(headers['x-ably-signature']), 'base64');
  const isSigned =
    headers['x-ably-key'] === key.name &&
    given.length === wanted.length &&
    timingSafeEqual(given, wanted);
  if (!isSigned) throw new RealtimeError('forbidden', 'the signature of this webhook is wrong');
  const items = itemsIn(body);
  return (await Promise.all(items.map(toEvents))).flat();
}

/** @throws {RealtimeError} invalid */
function itemsIn(body: string): readonly Item[] {
  try {
    const { items } = JSON.parse(body) as { items?: unknown };
    if (Array.isArray(items)) return items.map((item) => Object(item) as Item);
  } catch {
    // told below
  }
  throw new RealtimeError('invalid', 'a webhook of Ably is a batch: JSON with "items"');
}

/** By what is in it: the documentation shows messages under the source of another kind. */
async function toEvents(item: Item): Promise<readonly BackendEvent[]> {
  const { name = item.source ?? '', data = {} } = item;
  const { channelId = data.channel ?? '', messages, presence } = data;
  const channel = appName(channelId) ?? channelId;
  if (Array.isArray(messages)) {
    const decoded = await Ably.Rest.Message.fromEncodedArray([...messages] as unknown[]);
    return decoded.map((message) => toMessage(channel, message));
  }
  if (Array.isArray(presence)) {
    const decoded = await Ably.Rest.PresenceMessage.fromEncodedArray([...presence] as unknown[]);
    return decoded.map((member) => toMember(channel, member));
  }
  if (name === 'channel.opened') return [{ type: 'occupied', channel }];
  if (name === 'channel.closed') return [{ type: 'vacated', channel }];
  return [{ type: 'other', name, channel, native: item }];
}

function toMessage(channel: string, native: InboundMessage): BackendEvent {
  const { name: event = '', data, clientId, action, id } = native;
  // A change of a message is no new one.
  if ((action ?? 'message.create') !== 'message.create')
    return { type: 'other', name: action ?? '', channel, native };
  const content: unknown = data instanceof Uint8Array ? new Uint8Array(data) : (data ?? null);
  return {
    ...{ type: 'message', channel, event, data: content },
    ...(clientId !== undefined && { clientId }),
    ...(id !== undefined && { id }),
    ...extrasOf(native.extras),
  };
}

/** Anybody may write any header. */
function extrasOf(native: unknown): { readonly extras?: Readonly<Record<string, unknown>> } {
  const { awx } = Object((Object(native) as { headers?: unknown }).headers) as { awx?: unknown };
  if (typeof awx !== 'string') return {};
  try {
    return { extras: Object(JSON.parse(awx)) as Record<string, unknown> };
  } catch {
    return {};
  }
}

function toMember(channel: string, native: PresenceMessage): BackendEvent {
  const { action, clientId, connectionId, data } = native;
  const { aw } = Object(data) as { aw?: unknown };
  const instanceId = typeof aw === 'string' ? aw : connectionId;
  return action === 'enter' || action === 'leave'
    ? { type: action, channel, clientId, instanceId }
    : { type: 'other', name: `presence.${action}`, channel, native };
}
