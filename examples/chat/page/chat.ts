/**
 * The chat without its looks: one realtime client, the rooms that are followed, direct messages, and in which
 * room we are present. @see main.ts for how it meets the page
 */
import { createRealtime, type Store } from '@anywire/core';
import { channels } from '../channels.ts';
import type { Backend } from './backend.ts';
import type { Context, Conversation } from './conversation.ts';
import { openDirects, type Directs } from './directs.ts';
import type { Profile } from './profile.ts';
import { createFollowing } from './following.ts';
import { loadReadMarks } from './read-marks.ts';
import { openRoom, type Room } from './room.ts';
import { savedRooms, saveRooms, startRoom } from './saved-rooms.ts';
import type { Route } from './route.ts';
import type { Chat } from './sending.ts';
import { value } from './store.ts';

/** As our own server has it: a reload should not look like a leave. For backends that have no grace. */
const presenceGraceMs = 3_000;

export interface ChatModel extends Context {
  readonly rooms: Store<readonly Room[]>;
  /** The backend takes one room at a time: nothing is heard of the others. */
  readonly isSingle: Store<boolean>;
  readonly directs: Directs;
  /** The room in which we are present; we stay in it while writing direct messages. */
  readonly room: Store<Room>;
  /** The conversation on the screen. */
  readonly open: Store<Conversation>;
  go(route: Route): void;
  close(): Promise<void>;
}

export function createChat(me: Profile, backend: Backend): ChatModel {
  const chat: Chat = createRealtime({ channels, presenceGraceMs, ...backend });
  const ownId = (): string => chat.connection.clientId ?? backend.clientId ?? me.id;
  const isMe = (clientId: string): boolean => clientId === ownId();
  const context: Context = { chat, me, isMe, marks: loadReadMarks() };
  const rooms = value<readonly Room[]>([]);
  const following = createFollowing(chat.connection, rooms, () => room.get());
  for (const id of savedRooms()) add(id);
  const directs = openDirects(context);
  const room = value(roomOf(startRoom));
  const open = value<Conversation>(room.get());

  function add(id: string): Room {
    const added = openRoom(context, id);
    rooms.set([...rooms.get(), added]);
    following.added(added);
    return added;
  }

  function roomOf(id: string): Room {
    const known = rooms.get().find(({ route }) => route.id === id);
    if (known) return known;
    const added = add(id);
    saveRooms(rooms.get().map(({ route }) => route.id));
    return added;
  }

  return {
    ...context,
    rooms,
    isSingle: following.isSingle,
    directs,
    room,
    open,
    go({ kind, id }) {
      if (kind === 'direct') {
        open.set(directs.with(id, room.get().nameOf(id)));
        return;
      }
      const before = room.get();
      const next = roomOf(id);
      if (next !== before) {
        room.set(next);
        following.moved(before);
      }
      open.set(next);
    },
    close: () => chat.close({ flushMs: 1_000 }),
  };
}
