/**
 * `server.presence`, `occupancy` and `channels`: who is where.
 *
 * Members are the engine's, so they are those of all processes; connections and the list of channels are of this
 * process alone, because an engine does not know them.
 *
 * @see backend.ts · backend.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { Member } from './engine.ts';
import type { Hub } from './hub.ts';

/** A member of a channel: one instance of one client. */
export interface PresentMember {
  readonly clientId: string;
  readonly instanceId: string;
  readonly connectionId: string;
  readonly data: unknown;
}

export interface Occupancy {
  /** Connections of this process that are attached. */
  readonly connections: number;
  /** Instances that have entered, in all processes that share the engine. */
  readonly members: number;
  /** Distinct client ids among them. */
  readonly clients: number;
}

export interface ChannelsQuery {
  /** What the names begin with. @default '' */
  readonly prefix?: string;
  /** Channels of the page, 1 to 1,000. @default 100 */
  readonly limit?: number;
  /** `next` of the page before this one. @default the beginning */
  readonly after?: string;
}

export interface ChannelsPage {
  /** By name, in the order of UTF-16 units. */
  readonly items: readonly { readonly name: string; readonly connections: number }[];
  /** `after` of the next page; absent: this is the last one. */
  readonly next?: string;
}

const defaultLimit = 100;
const maxLimit = 1_000;

/** @throws {RealtimeError} invalid, unsupported, server_error */
export async function membersOf(hub: Hub, channel: string): Promise<readonly PresentMember[]> {
  if (!hub.parts.rules(channel).presence)
    throw new RealtimeError('unsupported', 'this channel has no presence');
  const members = await read(hub, channel);
  return members.map(({ clientId, instanceId, connectionId, data }) => ({
    ...{ clientId, instanceId, connectionId },
    data: JSON.parse(data) as unknown,
  }));
}

/** @throws {RealtimeError} invalid, server_error */
export async function occupancyOf(hub: Hub, channel: string): Promise<Occupancy> {
  const members = hub.parts.rules(channel).presence ? await read(hub, channel) : [];
  return {
    connections: hub.channels.connectionsOf(channel),
    members: members.length,
    clients: new Set(members.map(({ clientId }) => clientId)).size,
  };
}

async function read(hub: Hub, channel: string): Promise<readonly Member[]> {
  return (await hub.parts.engine.members(channel)).members;
}

/** @throws {RealtimeError} invalid */
export function channelsOf(
  { channels }: Hub,
  { prefix = '', limit = defaultLimit, after = '' }: ChannelsQuery,
): ChannelsPage {
  if (typeof prefix !== 'string' || typeof after !== 'string')
    throw new RealtimeError('invalid', '"prefix" and "after" are texts');
  if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= maxLimit))
    throw new RealtimeError('invalid', `"limit" is 1 to ${maxLimit}`);
  const found = smallest(
    channels.names,
    limit + 1,
    (name) => name > after && name.startsWith(prefix),
  );
  const names = found.slice(0, limit);
  const last = found.length > limit ? names.at(-1) : undefined;
  return {
    items: names.map((name) => ({ name, connections: channels.connectionsOf(name) })),
    ...(last === undefined ? {} : { next: last }),
  };
}

/** The first `count` names in order. One walk: sorting 100,000 names for each page would stop the server for a while. */
function smallest(
  names: Iterable<string>,
  count: number,
  fits: (name: string) => boolean,
): readonly string[] {
  const found: string[] = [];
  for (const name of names) {
    if (!fits(name) || (found.length === count && name > (found[count - 1] as string))) continue;
    let low = 0;
    for (let high = found.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((found[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    found.splice(low, 0, name);
    if (found.length > count) found.pop();
  }
  return found;
}
