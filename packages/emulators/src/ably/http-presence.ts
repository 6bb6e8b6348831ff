/** Members and channels over HTTP. @see SOURCE.md#ably-rest */
import { logOf, takeChannel } from './channel.ts';
import { rendered } from './codec.ts';
import type { Call, Result } from './http.ts';
import { ordered, pageOf } from './paging.ts';
import { presenceActions } from './protocol.ts';

export function membersOver(call: Call): Result {
  const { query, format, names } = call;
  const [name = ''] = names;
  const { members } = takeChannel(call.allowed(name, 'presence').app, name);
  const wanted = (param: string, value: string | undefined): boolean =>
    (query.get(param) ?? value) === value;
  const all = [...members.entries()]
    .filter(([, { presence }]) => wanted('clientId', presence.clientId))
    .filter(([, { presence }]) => wanted('connectionId', presence.connectionId))
    .map(([at, { presence }]) => ({ at, item: { ...presence, action: presenceActions.present } }));
  const { items, links } = pageOf('presence', query, all);
  return { body: items.map((item) => rendered(item, format)), links };
}

export function presenceHistory(call: Call): Result {
  const { world, query, format, names } = call;
  const [name = ''] = names;
  const channel = takeChannel(call.allowed(name, 'history').app, name);
  logOf(world, channel);
  const all = channel.presenceLog.map(({ position, presence }) => ({
    at: String(position),
    item: presence,
  }));
  const chosen = ordered(query, all, ({ timestamp = 0 }) => timestamp);
  const { items, links } = pageOf('history', query, chosen);
  return { body: items.map((item) => rendered(item, format)), links };
}

/** What is known of a channel. */
export function readChannel(call: Call): Result {
  const [name = ''] = call.names;
  const channel = takeChannel(call.allowed(name, 'channel-metadata').app, name);
  const count = (mode: 'publish' | 'subscribe' | 'presence' | 'presence_subscribe'): number =>
    [...channel.attachments].filter(({ granted }) => granted.has(mode)).length;
  const metrics = {
    connections: channel.attachments.size,
    publishers: count('publish'),
    subscribers: count('subscribe'),
    presenceConnections: count('presence'),
    presenceMembers: channel.members.size,
    presenceSubscribers: count('presence_subscribe'),
  };
  const isActive = channel.attachments.size > 0;
  return { body: { channelId: name, status: { isActive, occupancy: { metrics } } } };
}
