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
import { loadReadMarks } from './read-marks.ts';
import { openRoom, type Room } from './room.ts';
import { savedRooms, saveRooms, startRoom } from './saved-rooms.ts';
import type { Route } from './route.ts';
import type { Chat } from './sending.ts';
import { value } from './store.ts';

export interface ChatModel extends Context {
  readonly rooms: Store<readonly Room[]>;
  readonly directs: Directs;
  /** The room in which we are present; we stay in it while writing direct messages. */
  readonly room: Store<Room>;
  /** The conversation on the screen. */
  readonly open: Store<Conversation>;
  go(route: Route): void;
  close(): Promise<void>;
}

export function createChat(me: Profile, backend: Backend): ChatModel {
  const chat: Chat = createRealtime({ channels, ...backend });
  const isMe = (clientId: string): boolean => clientId === (chat.connection.clientId ?? me.id);
  const context: Context = { chat, me, isMe, marks: loadReadMarks() };
  const rooms = value<readonly Room[]>(savedRooms().map((id) => openRoom(context, id)));
  const directs = openDirects(context);
  const room = value(roomOf(startRoom));
  const open = value<Conversation>(room.get());
  let entered: Room | undefined;
  void enter(room.get());
  // The SDK enters again by itself after an interruption; but a first try that met none is ours to repeat.
  chat.connection.state.subscribe((state) => {
    if (state === 'connected' && entered !== room.get()) void enter(room.get());
  });

  function roomOf(id: string): Room {
    const known = rooms.get().find(({ route }) => route.id === id);
    if (known) return known;
    const added = openRoom(context, id);
    rooms.set([...rooms.get(), added]);
    saveRooms(rooms.get().map(({ route }) => route.id));
    return added;
  }

  async function enter(next: Room): Promise<void> {
    entered = next;
    try {
      await next.enter();
    } catch {
      if (entered === next) entered = undefined;
      // The list of who is here tells: we are not in it.
    }
  }

  return {
    ...context,
    rooms,
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
        before.leave();
        room.set(next);
        void enter(next);
      }
      open.set(next);
    },
    close: () => chat.close({ flushMs: 1_000 }),
  };
}
