/**
 * What the app's backend may ask about channels.
 *
 * @see SOURCE.md#http-api
 */
import { cachedOf, type App } from './app.ts';
import { HttpRefusal } from './http-terms.ts';
import { isChannelName, kindOf } from './names.ts';

/** The attributes of `info=a,b`, or of the list that a JSON body has. */
export function readInfo(given: unknown): readonly string[] {
  const names = typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given : [];
  return names.map((name) => String(name).trim()).filter((name) => name !== '');
}

/** @throws {HttpRefusal} 400, for an attribute that this channel has not */
export function infoOf(app: App, name: string, info: readonly string[]): object {
  const channel = app.channels.get(name);
  const { isPresence, isCache } = kindOf(name);
  return Object.fromEntries(
    info.map((attribute): readonly [string, unknown] => {
      if (attribute === 'subscription_count') return [attribute, channel?.subscribers.size ?? 0];
      if (attribute === 'user_count' && isPresence) return [attribute, channel?.members.size ?? 0];
      if (attribute === 'cache' && isCache) return [attribute, cacheOf(app, name)];
      throw new HttpRefusal(
        400,
        `Cannot retrieve the ${attribute} of '${name}': it is no ${attribute === 'cache' ? 'cache' : 'presence'} channel, or there is no such attribute`,
      );
    }),
  );
}

function cacheOf(app: App, name: string): object | null {
  const channel = app.channels.get(name);
  const text = channel && cachedOf(app, channel);
  if (text === undefined) return null;
  const { data } = JSON.parse(text) as { data: string };
  const ttl = Math.ceil(((channel?.cached?.untilMs ?? 0) - app.clock.now()) / 1_000);
  return { data, ttl };
}

const isOccupied = (app: App, name: string): boolean =>
  (app.channels.get(name)?.subscribers.size ?? 0) > 0;

/** `GET /channels` */
export function listChannels(app: App, query: URLSearchParams): object {
  const prefix = query.get('filter_by_prefix') ?? '';
  const info = readInfo(query.get('info'));
  if (info.includes('user_count') && !prefix.startsWith('presence-'))
    throw new HttpRefusal(
      400,
      "user_count may only be requested for presence channels: filter_by_prefix must begin with 'presence-'",
    );
  const names = [...app.channels.keys()].filter(
    (name) => name.startsWith(prefix) && !name.startsWith('#') && isOccupied(app, name),
  );
  return { channels: Object.fromEntries(names.map((name) => [name, infoOf(app, name, info)])) };
}

/** `GET /channels/:name` */
export function readChannel(app: App, name: string, query: URLSearchParams): object {
  checkName(app, name);
  return { occupied: isOccupied(app, name), ...infoOf(app, name, readInfo(query.get('info'))) };
}

/** `GET /channels/:name/users` */
export function readUsers(app: App, name: string): object {
  checkName(app, name);
  if (!kindOf(name).isPresence)
    throw new HttpRefusal(400, 'Users can only be retrieved for presence channels');
  const members = app.channels.get(name)?.members;
  return { users: [...(members?.keys() ?? [])].map((id) => ({ id })) };
}

function checkName({ limits }: App, name: string): void {
  if (!isChannelName(name, limits.channelNameLength))
    throw new HttpRefusal(400, `Invalid channel name: '${name}'`);
}
