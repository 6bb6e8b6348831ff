/**
 * Subscribing, unsubscribing, and what the others in a channel hear of it.
 *
 * @see SOURCE.md#channels
 */
import { cachedOf, dropIfUnused, takeChannel, type App, type Channel } from './app.ts';
import { send, sendText, type Connection, type MemberData } from './connection.ts';

/** Makes a connection a subscriber, tells it, then the others. */
export function join(connection: Connection, name: string, member: MemberData | undefined): void {
  const { app } = connection;
  const channel = takeChannel(app, name);
  connection.subscriptions.set(name, member);
  channel.subscribers.add(connection);
  if (channel.subscribers.size === 1)
    app.webhooks.tell({ name: 'channel_occupied', channel: name });
  const isNew = member !== undefined && addMember(channel, connection, member);
  const answer = (): void => {
    if (connection.subscriptions.has(name)) succeeded(connection, channel);
  };
  if (app.faults.isHolding) (connection.held ??= []).push(answer);
  else answer();
  if (member && isNew) {
    const data = JSON.stringify({ user_id: member.id, user_info: member.info });
    broadcast(channel, 'pusher_internal:member_added', data, connection);
    app.webhooks.tell({ name: 'member_added', channel: name, user_id: member.id });
  }
  tellCount(app, channel);
}

/** The answer to a subscription, and what a cache channel keeps. */
function succeeded(connection: Connection, channel: Channel): void {
  const { app } = connection;
  const { name, kind, members } = channel;
  const event = 'pusher_internal:subscription_succeeded';
  send(connection, event, kind.isPresence ? presenceOf(members) : '{}', name);
  if (!kind.isCache) return;
  const cached = cachedOf(app, channel);
  if (cached !== undefined) return sendText(connection, cached);
  send(connection, 'pusher:cache_miss', undefined, name);
  app.webhooks.tell({ name: 'cache_miss', channel: name });
}

function presenceOf(members: Channel['members']): string {
  const ids = [...members.keys()];
  // `fromEntries` defines own members, whatever they are called.
  const hash = Object.fromEntries([...members].map(([id, { data }]) => [id, data.info ?? null]));
  return JSON.stringify({ presence: { ids, hash, count: ids.length } });
}

/** Answers whether this user was not there before. */
function addMember({ members }: Channel, connection: Connection, data: MemberData): boolean {
  const known = members.get(data.id);
  if (known) known.sockets.add(connection);
  else members.set(data.id, { data, sockets: new Set([connection]) });
  return !known;
}

/** Ends a subscription; nothing is answered. */
export function leave(connection: Connection, name: string): void {
  const { app, subscriptions } = connection;
  const channel = app.channels.get(name);
  if (!channel?.subscribers.delete(connection)) return;
  const member = subscriptions.get(name);
  subscriptions.delete(name);
  if (member) removeMember(app, channel, connection, member);
  if (channel.subscribers.size === 0) app.webhooks.tell({ name: 'channel_vacated', channel: name });
  tellCount(app, channel);
  dropIfUnused(app, channel);
}

function removeMember(
  app: App,
  channel: Channel,
  connection: Connection,
  { id }: MemberData,
): void {
  const { members, name } = channel;
  members.get(id)?.sockets.delete(connection);
  const gone = (): void => {
    if (members.get(id)?.sockets.size !== 0) return; // came back meanwhile
    members.delete(id);
    broadcast(channel, 'pusher_internal:member_removed', JSON.stringify({ user_id: id }));
    app.webhooks.tell({ name: 'member_removed', channel: name, user_id: id });
    dropIfUnused(app, channel);
  };
  const { memberRemovalMs } = app.faults;
  if (memberRemovalMs > 0) app.clock.schedule(gone, memberRemovalMs);
  else gone();
}

/** One text for all. */
export function broadcast(
  { name, subscribers }: Channel,
  event: string,
  data: unknown,
  except?: Connection,
  more: object = {},
): string {
  const text = JSON.stringify({ event, channel: name, data, ...more });
  for (const subscriber of subscribers) if (subscriber !== except) sendText(subscriber, text);
  return text;
}

/** The app may have switched it on; never on presence channels. */
function tellCount(app: App, channel: Channel): void {
  if (!app.subscriptionCounting || channel.kind.isPresence) return;
  const subscription_count = channel.subscribers.size;
  const event = 'pusher_internal:subscription_count';
  if (subscription_count > 0) broadcast(channel, event, JSON.stringify({ subscription_count }));
  app.webhooks.tell({ name: 'subscription_count', channel: channel.name, subscription_count });
}
