/**
 * The dialect of servers/one-room.js: everybody is in one room at a time, and deliveries do not name it.
 *
 * A second room is refused while one is attached: the server would leave the first without a word. Private messages go to
 * a socket, whose id changes with every connection; our own inbox is `user:{our client id}`, under whichever socket.
 * Nothing is acknowledged, kept, or sent back to the sender.
 */
import { defineDialect, type DialectContext, type DialectMember } from '@anywire/core/dialect';
import { fields, list, nameOf, roomOf, text, userOf } from './reading.ts';

export const oneRoom = defineDialect({
  name: 'one-room',
  on: 'socketio',
  join(channel, context) {
    const room = roomOf(channel);
    // Inboxes are there without a word; one can write to those of others.
    if (room === undefined) return userOf(channel) === undefined ? undefined : [];
    const isElsewhere = context.channels.some(
      (one) => one !== channel && roomOf(one) !== undefined,
    );
    return isElsewhere ? undefined : ['join-room', room, nameOf(context)];
  },
  joined: 'frame',
  leave: (channel) => (roomOf(channel) === undefined ? [] : ['leave-room']),
  publish({ channel, event, data }) {
    const { text: said, on } = fields(data);
    if (event === 'direct') return ['private-message', userOf(channel), said];
    if (event === 'message') return ['chat-message', said];
    if (event === 'typing') return ['typing', on];
    return undefined; // `sent` too: there is no way to write to our own other tabs
  },
  echo: false,
  presence: { perInstance: true },
  receive([event, body, more], context) {
    const channel = context.channels.find((one) => roomOf(one) !== undefined);
    const { id, from, name, message, isTyping } = fields(body);
    if (event === 'private-message')
      return {
        channel: `user:${context.clientId}`,
        event: 'direct',
        data: { text: message, fromId: from, fromName: name },
        clientId: text(from),
      };
    if (channel === undefined) return undefined; // of a room that we have just left
    switch (event) {
      case 'room-users':
        return [
          { joined: `room:${text(body)}` },
          {
            channel: `room:${text(body)}`,
            members: list(more).map((one) => memberOf(one, context)),
          },
        ];
      case 'user-connected':
        return { channel, entered: memberOf(body, context) };
      case 'user-disconnected':
        return { channel, left: memberOf(body, context) };
      case 'chat-message':
        return { channel, event: 'message', data: { text: message, name }, clientId: text(id) };
      case 'typing':
        return { channel, event: 'typing', data: { on: isTyping }, clientId: text(id) };
      default:
        return undefined;
    }
  },
});

/** Others are known by their socket, of which each tab has one; we by our client id, which outlives it. */
function memberOf(user: unknown, context: DialectContext): DialectMember {
  const { id, name } = fields(user);
  const { clientId, instanceId } = context;
  const isUs = id === context.connectionId;
  return {
    clientId: (isUs ? clientId : undefined) ?? text(id) ?? '',
    instanceId: isUs ? instanceId : text(id),
    data: { name },
  };
}
