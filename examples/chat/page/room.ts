/** One room: the channel `room:{id}`, its last 50 messages, who is here and who is typing. */
import type { Channel, EventsOf, Unsubscribe } from '@anywire/core';
import { rewind, type channels, type Person } from '../channels.ts';
import { keepsMessages, takesMessages } from './abilities.ts';
import { createAttendance, type Attendance } from './attendance.ts';
import { createReadableLog, timeOf, type Context, type Conversation } from './conversation.ts';
import { send } from './sending.ts';
import { statusOf } from './status.ts';
import { value } from './store.ts';
import { createTyping, type Typing } from './typing.ts';
import { elsewhereWords, gapWords } from './words.ts';

type RoomDefinition = (typeof channels)['room:{id}'];

export interface Room extends Conversation, Attendance {
  readonly channel: Channel<EventsOf<RoomDefinition>, Person>;
  readonly typing: Typing;
  /** Hears what is said here. */
  follow(): void;
  /** Resolves when the backend has let go of the room. */
  unfollow(): Promise<void>;
  /** What somebody in this room is called, as far as we have heard. */
  nameOf(clientId: string): string | undefined;
}

export function openRoom(context: Context, id: string): Room {
  const { chat, me, isMe } = context;
  const channel = chat.channel(`room:${id}`);
  const { log, ...readable } = createReadableLog(context, channel.name);
  const attendance = createAttendance(channel, { name: me.name });
  const names = new Map<string, string>();
  const isKept = (): boolean => keepsMessages(channel.capabilities);
  const typing = createTyping(
    (on) => void channel.publish('typing', { on }, { volatile: true }).catch(() => {}),
  );

  const listen = (): Unsubscribe[] => [
    channel.on(
      'message',
      ({ text, name }, message) => {
        // Where a server tells nothing but a name, that is who it was.
        const fromId = message.sender.clientId ?? name;
        const { id, local: isLocal } = message;
        names.set(fromId, name);
        const isOwn = isMe(fromId);
        log.deliver({ id, fromId, fromName: name, isOwn, text, at: timeOf(message), isLocal });
        typing.heard(fromId, false);
      },
      isKept() ? { rewind } : {},
    ),
    channel.on('typing', ({ on }, { sender }) => {
      if (sender.clientId !== undefined && !isMe(sender.clientId))
        typing.heard(sender.clientId, on);
    }),
  ];
  channel.onGap((gap) => log.gap(gapWords(gap)));
  let stops: Unsubscribe[] = [];

  return {
    route: { kind: 'room', id },
    title: value(id),
    channel,
    log,
    typing,
    isKept,
    canWrite: () => takesMessages(channel.capabilities),
    ...attendance,
    nameOf: (clientId) =>
      attendance.people.get()?.get(clientId)?.[0]?.data.name ?? names.get(clientId),
    status: statusOf(channel),
    follow() {
      if (stops.length > 0) return;
      stops = listen();
      void channel.attach().catch(() => {}); // the status tells
    },
    async unfollow() {
      if (stops.length === 0) return;
      for (const stop of stops.splice(0)) stop();
      await attendance.leave();
      await channel.detach();
      if (isKept()) log.clear();
      else if (log.lines.get().length > 0) log.gap(elsewhereWords);
    },
    ...readable,
    send(text) {
      typing.input(true);
      send(chat, log, {
        channel: channel.name,
        line: { fromId: me.id, fromName: me.name, isOwn: true, text },
        publish: () => channel.publish('message', { text, name: me.name }),
      });
    },
  };
}
