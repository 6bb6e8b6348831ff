/**
 * The dialect of servers/notifications.js: `authenticate` first; then a personal room, which one is in without asking, and
 * topics.
 *
 * Followers of a topic hear themselves, under an id of the server: an own notification is known again by the socket that
 * it names. Nothing is acknowledged or kept, and nobody is told who is there. Typing would pop up as a notification on the
 * server's other pages: `unsupported`.
 */
import { defineDialect } from '@anywire/core/dialect';
import { fields, number, roomOf, text, userOf } from './reading.ts';

/** Events that are notifications. */
const types = ['message', 'direct'];

export const notifications = defineDialect({
  name: 'notifications',
  on: 'socketio',
  connect: ({ credentials }) => ['authenticate', { token: credentials.token }],
  ready: 'frame',
  join(channel) {
    const topic = roomOf(channel);
    if (topic !== undefined) return ['subscribe', topic];
    // Our own inbox needs no word; those of others can be written to.
    return userOf(channel) === undefined ? undefined : [];
  },
  joined: 'frame',
  leave: (channel) => (roomOf(channel) === undefined ? [] : ['unsubscribe', roomOf(channel)]),
  publish({ channel, event, data }) {
    if (!types.includes(event)) return undefined;
    const to = { topic: roomOf(channel), userId: userOf(channel) };
    return ['send_notification', { ...to, type: event, message: fields(data)['text'] }];
  },
  echo: true,
  own: (message, { connectionId }) => message.connectionId === connectionId,
  receive([event, body], context) {
    switch (event) {
      case 'authenticated':
        return { ready: true, clientId: text(fields(body)['userId']) };
      case 'unauthorized':
        return {
          refused: 'auth_failed',
          message: text(fields(body)['message']),
          of: 'connection',
        };
      case 'subscribed':
        return { joined: `room:${text(body)}` };
      case 'notification': {
        const { topic, type, message, from, createdAt } = fields(body);
        const { userId, name, socketId } = fields(from); // of POST /notify there is a name alone
        return {
          channel: topic === undefined ? `user:${context.clientId}` : `room:${text(topic)}`,
          event: text(type) ?? 'info',
          data:
            type === 'direct'
              ? { text: message, fromId: userId, fromName: name }
              : { text: message, name },
          timestamp: number(createdAt),
          clientId: text(userId),
          connectionId: text(socketId),
          verified: true, // from the token
        };
      }
      default:
        return undefined;
    }
  },
});
