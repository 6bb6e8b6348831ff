/**
 * The dialect of servers/room-events.js: rooms by `room:join`, with acknowledgements, presence, and history by REST.
 *
 * The server numbers its messages and keeps them, so a publish is `stored`, and what was missed is fetched. It sends
 * nothing back to the sender, and keeps no field that it does not know.
 */
import {
  defineDialect,
  type Dialect,
  type DialectMember,
  type DialectMessage,
} from '@anywire/core/dialect';
import { fields, list, nameOf, number, roomOf, text } from './reading.ts';

/** The server lets nobody in without a user: this is one without a client id. */
const guest = 'guest';
const clientOf = (userId: unknown): string | undefined =>
  userId === guest ? undefined : text(userId);

/** @param options - `url`: where the server's REST API is. */
export function roomEvents({ url }: { readonly url: string }): Dialect<'socketio'> {
  return defineDialect({
    name: 'room-events',
    on: 'socketio',
    handshake: (context) => ({
      auth: { userId: context.clientId ?? guest, username: nameOf(context) },
    }),
    // What the server's middleware says of a connection without a user.
    closed: ({ reason }) =>
      reason === 'Authentication error' ? { refused: 'auth_failed', message: reason } : undefined,
    join(channel) {
      const room = roomOf(channel);
      return room === undefined ? undefined : ['room:join', { room }];
    },
    joined: 'reply',
    leave: (channel) => ['room:leave', { room: roomOf(channel) }],
    publish({ channel, event, data }) {
      const room = roomOf(channel);
      const { text: said, on } = fields(data);
      if (event === 'message') return ['message:send', { room, text: said }];
      if (event === 'typing') return [on ? 'typing:start' : 'typing:stop', { room }];
      return undefined;
    },
    ack: { level: 'stored', by: 'reply', events: ['message'] },
    echo: false,
    presence: { perInstance: true },
    answer(reply, { to }, { connectionId, instanceId }) {
      const { status, message, users } = fields(list(reply)[0]);
      if (status !== 'ok') return { refused: 'forbidden', message: text(message) };
      if (to === 'join')
        return { members: list(users).map((user) => memberOf(user, connectionId, instanceId)) };
      const { serial, timestamp } = messageOf(message);
      return { acked: true, serial, timestamp };
    },
    receive([event, body], { connectionId, instanceId }) {
      const { room, userId, message } = fields(body);
      const channel = `room:${text(room)}`;
      switch (event) {
        case 'message:new':
          return messageOf(body);
        case 'user:online':
          return { channel, entered: memberOf(body, connectionId, instanceId) };
        case 'user:offline':
          return { channel, left: memberOf(body, connectionId, instanceId) };
        case 'typing:start':
        case 'typing:stop':
          return {
            channel,
            event: 'typing',
            data: { on: event === 'typing:start' },
            clientId: clientOf(userId),
          };
        case 'error':
          return { refused: 'forbidden', message: text(message), channel };
        default:
          return undefined;
      }
    },
    async history(channel, { limit, before, signal }) {
      const room = encodeURIComponent(roomOf(channel) ?? '');
      const address = new URL(`/api/rooms/${room}/messages?limit=${limit}`, url);
      if (before !== undefined) address.searchParams.set('before', before);
      const response = await fetch(address, { signal });
      if (!response.ok)
        throw new Error(`GET ${address.pathname} was answered by ${response.status}`);
      return list(fields(await response.json())['messages']).map(messageOf);
    },
  });
}

function messageOf(body: unknown): DialectMessage {
  const { id, room, userId, username, text: said, createdAt } = fields(body);
  return {
    channel: `room:${text(room)}`,
    event: 'message',
    data: { text: said, name: username },
    serial: number(id),
    timestamp: Date.parse(text(createdAt) ?? ''),
    clientId: clientOf(userId),
  };
}

/** Two tabs are two sockets; ours is known by our own instance. */
function memberOf(
  user: unknown,
  connectionId: string | undefined,
  instanceId: string,
): DialectMember {
  const { userId, socketId, username } = fields(user);
  return {
    clientId: text(userId) ?? '',
    instanceId: socketId === connectionId ? instanceId : text(socketId),
    data: { name: username },
  };
}
