/** Pusher's webhooks, in the words that are the same for all services. @see https://pusher.com/docs/channels/server_api/webhooks/ */
import type { BackendEvent } from '../provider.ts';
import { appName } from './names.ts';

export interface PusherEvent {
  readonly name: string;
  readonly channel?: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
}

export function toBackendEvent(native: PusherEvent): BackendEvent {
  const { name, channel: remote = '', user_id: user = '' } = native;
  const channel = appName(remote)?.name ?? remote;
  // A client id may have spaces, an instance id has none.
  const [, clientId = user, instanceId = user] = /^(.*) (\S*)$/s.exec(user) ?? [];
  if (name === 'channel_occupied') return { type: 'occupied', channel };
  if (name === 'channel_vacated') return { type: 'vacated', channel };
  if (name === 'member_added') return { type: 'enter', channel, clientId, instanceId };
  if (name === 'member_removed') return { type: 'leave', channel, clientId, instanceId };
  if (name !== 'client_event') return { type: 'other', name, channel, native };
  const { aw, d: content } = dataOf(native.data);
  const event = aw?.e ?? (native.event ?? '').replace(/^client-/, '');
  const data = aw ? content : dataOf(native.data);
  return { type: 'message', channel, event, data, ...(user !== '' && { clientId }) };
}

function dataOf(text = 'null'): { readonly aw?: { readonly e?: string }; readonly d?: unknown } {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
