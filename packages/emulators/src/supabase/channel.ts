/** One join of one connection: what it wants to hear, and as whom. */
import { sendBroadcast, send, type Connection } from './connection.ts';
import type { Broadcast } from './frames.ts';
import type { Room } from './room.ts';
import type { Claims } from './tokens.ts';

export interface Channel {
  readonly connection: Connection;
  /** With `realtime:`. */
  readonly topic: string;
  readonly joinRef: string | null;
  readonly room: Room;
  readonly hearsItself: boolean;
  readonly wantsAcks: boolean;
  /** Of its member. */
  readonly key: string;
  readonly bindings: readonly Binding[];
  /** Since the database is listened to for it. */
  hearsChanges: boolean;
  /** When its presence was called, lately. */
  readonly presenceCalls: number[];
  showsMembers: boolean;
  token: string | undefined;
  claims: Claims;
  stopWatching: () => void;
  stopAnnouncing: () => void;
}

/** Which changes of the database a channel hears. */
export interface Binding {
  readonly id: number;
  readonly event: string;
  readonly schema: string;
  readonly table?: string;
  readonly filter?: string;
  readonly select?: readonly string[];
}

export function push(
  { connection, topic, joinRef }: Channel,
  event: string,
  payload: unknown,
  { isForAll = false }: { readonly isForAll?: boolean } = {},
): void {
  send(connection, { topic, event, payload, ref: null, joinRef: isForAll ? null : joinRef });
}

export function deliver({ connection, topic }: Channel, broadcast: Broadcast): void {
  sendBroadcast(connection, topic, broadcast);
}

export function tellSystem(
  channel: Channel,
  status: 'ok' | 'error',
  message: string,
  extension = 'system',
): void {
  push(channel, 'system', { extension, status, message, channel: channel.room.topic });
}

export const may = (
  { room, claims, connection }: Channel,
  extension: 'broadcast' | 'presence',
  operation: 'read' | 'write',
): boolean =>
  !room.isPrivate || connection.world.allows({ topic: room.topic, extension, operation, claims });

export const noRead = (topic: string): string =>
  `You do not have permissions to read from this Channel topic: ${topic}`;
