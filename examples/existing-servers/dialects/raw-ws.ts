/**
 * The dialect of servers/raw-ws.js: rooms on a plain WebSocket.
 *
 * It confirms joins and carries what it does not know, so our id comes along; it acknowledges nothing, sends nothing back
 * to the sender, keeps nothing, and knows of no one who is there. Typing has no frame of its own there, and a frame that
 * says something else to the server's other pages would be a lie: `unsupported`.
 */
import { defineDialect } from '@anywire/core/dialect';
import { fields, roomOf, text } from './reading.ts';

export const rawWs = defineDialect({
  name: 'raw-ws',
  on: 'ws',
  join(channel) {
    const room = roomOf(channel);
    return room === undefined ? undefined : { type: 'join', room };
  },
  joined: 'frame',
  leave: (channel) => ({ type: 'leave', room: roomOf(channel) }),
  publish({ channel, event, data, id }, { clientId }) {
    if (event !== 'message') return undefined;
    const { text: content, name } = fields(data);
    return {
      type: 'message',
      room: roomOf(channel),
      content,
      username: name,
      userId: clientId,
      id,
    };
  },
  echo: false,
  ping: () => ({ type: 'ping' }),
  receive(frame) {
    const { type, room, content, username, userId, id, message } = fields(frame);
    const channel = `room:${text(room)}`;
    if (type === 'joined') return { joined: channel };
    if (type === 'error')
      return {
        refused: 'forbidden',
        message: text(message),
        ...(room === undefined ? { of: 'publish' } : { channel }),
      };
    if (type !== 'message') return undefined;
    return {
      channel,
      event: 'message',
      data: { text: content, name: text(username) ?? 'somebody' },
      id: text(id),
      clientId: text(userId),
    };
  },
});
