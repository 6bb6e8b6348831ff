/** One room: the channel `room:{id}`, its last 50 messages, and who is typing. */
import type { Channel, EventsOf } from '@anywire/core';
import { rewind, type channels, type Person } from '../channels.ts';
import { createReadableLog, type Context, type Conversation } from './conversation.ts';
import { send } from './sending.ts';
import { statusOf } from './status.ts';
import { value } from './store.ts';
import { createTyping, type Typing } from './typing.ts';
import { gapWords } from './words.ts';

type RoomDefinition = (typeof channels)['room:{id}'];

export interface Room extends Conversation {
  readonly channel: Channel<EventsOf<RoomDefinition>, Person>;
  readonly typing: Typing;
}

export function openRoom(context: Context, id: string): Room {
  const { chat, me } = context;
  const channel = chat.channel(`room:${id}`);
  const { log, ...readable } = createReadableLog(context, channel.name);
  const typing = createTyping(
    (on) => void channel.publish('typing', { on }, { volatile: true }).catch(() => {}),
  );

  channel.on(
    'message',
    ({ text, name }, { id, sender, timestamp }) => {
      const fromId = sender.clientId ?? '';
      log.deliver({ id, fromId, fromName: name, text, at: timestamp });
      typing.heard(fromId, false);
    },
    { rewind },
  );
  channel.on('typing', ({ on }, { sender }) => {
    if (sender.clientId !== undefined && sender.clientId !== me.id)
      typing.heard(sender.clientId, on);
  });
  channel.onGap((gap) => log.gap(gapWords(gap)));

  return {
    route: { kind: 'room', id },
    title: value(id),
    channel,
    log,
    typing,
    status: statusOf(channel),
    ...readable,
    send(text) {
      typing.input(true);
      send(chat, log, {
        channel: channel.name,
        line: { fromId: me.id, fromName: me.name, text },
        publish: () => channel.publish('message', { text, name: me.name }),
      });
    },
  };
}
