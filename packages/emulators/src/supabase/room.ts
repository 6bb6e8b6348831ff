/** A topic of the project, private or public: who is in it, who is shown, and what was stored. */
import { randomBytes } from 'node:crypto';
import type { Channel } from './channel.ts';
import { deliver } from './channel.ts';
import type { Broadcast } from './frames.ts';
import type { World } from './world.ts';

export interface Room {
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly channels: Set<Channel>;
  /** By key, then by channel: a person with two tabs is shown twice. */
  readonly members: Map<string, Map<Channel, Meta>>;
  readonly stored: Stored[];
}

export type Meta = Readonly<Record<string, unknown>> & { readonly phx_ref: string };

export interface Stored {
  readonly id: string;
  readonly at: number;
  readonly event: string;
  readonly data: unknown;
}

export function roomOf(world: World, topic: string, isPrivate: boolean): Room {
  const name = `${isPrivate ? 'private' : 'public'}:${topic}`;
  const known = world.rooms.get(name);
  if (known) return known;
  const room = { topic, isPrivate, channels: new Set<Channel>(), members: new Map(), stored: [] };
  world.rooms.set(name, room);
  return room;
}

/** To everybody in the room, but for one channel of one connection. */
export function fanOut(world: World, room: Room, broadcast: Broadcast, except?: Channel): void {
  for (const channel of room.channels) {
    if (channel === except) continue;
    world.rates.messages.add();
    deliver(channel, broadcast);
  }
}

/** Keeps a message for who joins later. Answers its id. */
export function store(world: World, room: Room, event: string, data: unknown): string {
  const id = randomId();
  const oldest = world.clock.now() - world.times.retentionMs;
  const firstKept = room.stored.findIndex(({ at }) => at >= oldest);
  room.stored.splice(0, firstKept === -1 ? room.stored.length : firstKept);
  room.stored.push({ id, at: world.clock.now(), event, data });
  return id;
}

/** The newest since then, oldest first. */
export function replayed(world: World, room: Room, since: number, limit: number): Stored[] {
  const oldest = Math.max(since, world.clock.now() - world.times.retentionMs);
  return room.stored.filter(({ at }) => at >= oldest).slice(-limit);
}

export const randomId = (): string => {
  const hex = randomBytes(16).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
};
