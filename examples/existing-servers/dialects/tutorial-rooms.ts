/**
 * The dialect of servers/tutorial-rooms.js: rooms by `join_room`, in which everybody hears everything.
 *
 * Its messages come back to their sender with every field that was sent, so the echo proves a publish. Whoever joins is
 * present under a user name, which is all that the server knows of a person: it is our client id. Nothing of what is
 * missed can be asked for; the last 50 messages come with a join.
 */
import { defineDialect, type DialectMessage } from '@anywire/core/dialect';
import { fields, list, number, roomOf, text } from './reading.ts';

export const tutorialRooms = defineDialect({
  name: 'tutorial-rooms',
  on: 'socketio',
  join(channel, { clientId }) {
    const room = roomOf(channel);
    return room === undefined ? undefined : ['join_room', { room, username: clientId ?? 'guest' }];
  },
  joined: 'frame',
  backlog: 50,
  leave: (channel) => ['leave_room', { room: roomOf(channel) }],
  publish({ channel, event, data, id }, { clientId = null }) {
    const room = roomOf(channel);
    const { text: message, on, name } = fields(data);
    if (event === 'message')
      return ['send_message', { room, username: name, userId: clientId, message, id }];
    if (event === 'typing') return ['user_typing', { room, username: clientId, isTyping: on }];
    return undefined;
  },
  ack: { level: 'accepted', by: 'echo', events: ['message'] },
  echo: true,
  presence: { perInstance: true },
  receive([event, body], { connectionId, instanceId }) {
    const { room, messages, users, username, isTyping } = fields(body);
    const channel = `room:${text(room)}`;
    switch (event) {
      case 'new_message':
        return messageOf(body);
      case 'message_history':
        return { joined: channel, backlog: list(messages).map(messageOf) };
      case 'user_typing':
        return { channel, event: 'typing', data: { on: isTyping }, clientId: text(username) };
      case 'presence_update':
        return {
          channel,
          members: list(users).map((user) => {
            const { id, username: name } = fields(user);
            return {
              clientId: text(name) ?? 'guest',
              instanceId: id === connectionId ? instanceId : text(id),
              data: { name },
            };
          }),
        };
      default:
        return undefined;
    }
  },
});

function messageOf(body: unknown): DialectMessage {
  const { room, username, userId, message, timestamp, id } = fields(body);
  return {
    channel: `room:${text(room)}`,
    event: 'message',
    data: { text: message, name: username },
    id: text(id),
    timestamp: number(timestamp),
    // The server's own pages send no userId; ours send null for nobody.
    clientId: text(userId === undefined ? username : userId),
  };
}
