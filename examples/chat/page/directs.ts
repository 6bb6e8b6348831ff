/**
 * Direct messages. Each user has a channel `user:{id}` that only its owner may read: to write to somebody is to
 * publish there. One cannot read what one wrote, so a copy goes to the own channel once the server has it, where that
 * is kept.
 */
import type { Store } from '@anywire/core';
import { rewind } from '../channels.ts';
import { keepsMessages, takesMessages } from './abilities.ts';
import {
  createReadableLog,
  timeOf,
  type Context,
  type Conversation,
  type Status,
} from './conversation.ts';
import { send } from './sending.ts';
import { statusOf } from './status.ts';
import { value, type Value } from './store.ts';
import { gapWords } from './words.ts';

export interface Directs {
  /** `absent`: this backend has no direct messages. */
  readonly status: Store<Status>;
  /** Everyone with whom there are messages, the newest last. */
  readonly list: Store<readonly Conversation[]>;
  /** The conversation with one person; begins one when there is none. */
  with(id: string, name?: string): Conversation;
}

export function openDirects(context: Context): Directs {
  const { chat, me } = context;
  const own = chat.channel(`user:${me.id}`);
  const status = statusOf(own);
  const isKept = (): boolean => keepsMessages(own.capabilities);
  const peers = new Map<string, { conversation: Conversation; title: Value<string> }>();
  const list = value<readonly Conversation[]>([]);

  const peer = (id: string, name?: string): Conversation => {
    const { conversation, title } = peers.get(id) ?? begin(id);
    if (name !== undefined && name !== title.get()) title.set(name);
    return conversation;
  };

  function begin(id: string): { conversation: Conversation; title: Value<string> } {
    const title = value(id); // until a message or a member tells the name
    const theirs = chat.channel(`user:${id}`);
    const { log, ...readable } = createReadableLog(context, theirs.name);
    const conversation: Conversation = {
      route: { kind: 'direct', id },
      title,
      log,
      status,
      isKept,
      canWrite: () => status.get().kind !== 'absent' && takesMessages(theirs.capabilities),
      ...readable,
      send(text) {
        send(chat, log, {
          channel: theirs.name,
          line: { fromId: me.id, fromName: me.name, isOwn: true, text },
          isOneWay: !isKept(),
          publish: () => theirs.publish('direct', { text, fromId: me.id, fromName: me.name }),
          sent: ({ id: ref }) => {
            if (!isKept()) return;
            // Without the copy the message still arrives; only our other tabs and a reload miss it.
            own.publish('sent', { text, toId: id, toName: title.get(), ref }).catch(() => {});
          },
        });
      },
    };
    peers.set(id, { conversation, title });
    list.set([...list.get(), conversation]);
    return { conversation, title };
  }

  // One listener for both events: two rewinds would tear the order of question and answer apart.
  own.onAny(
    (message) => {
      const at = timeOf(message);
      const { id } = message;
      if (message.event === 'direct') {
        const { text, fromId, fromName } = message.data;
        peer(fromId, fromName).log.deliver({ id, fromId, fromName, isOwn: false, text, at });
      } else {
        const { text, toId, toName, ref } = message.data;
        const from = { fromId: me.id, fromName: me.name, isOwn: true };
        peer(toId, toName).log.deliver({ id: ref, ...from, text, at });
      }
    },
    isKept() ? { rewind } : {},
  );
  own.onGap((gap) => {
    for (const { log } of list.get()) log.gap(gapWords(gap));
  });

  return { status, list, with: peer };
}
