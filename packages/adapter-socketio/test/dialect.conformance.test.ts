/**
 * A dialect over Socket.IO against the conformance suite: the cases that its capabilities select, on a server whose senders do
 * not hear themselves, and which acknowledges.
 *
 * @see tests/support/dialect-backend.ts
 */
import { defineDialect, type Dialect } from '@anywire/core/dialect';
import { describeAdapter } from '@anywire/testkit';
import { Server } from 'socket.io';
import { dialectHarness, useExistingServer } from '../../../tests/support/dialect-backend.ts';
import { socketio } from '../src/index.ts';

interface Sent {
  readonly room: string;
  readonly event: string;
  readonly data: unknown;
  readonly id: string;
}

useExistingServer((http) => {
  const io = new Server(http);
  io.on('connection', (socket) => {
    const { username } = socket.handshake.auth as { username?: string };
    socket.on('join_room', (room: string, done: (answer: object) => void) => {
      void socket.join(room);
      done({ ok: true });
    });
    socket.on('leave_room', (room: string) => socket.leave(room));
    socket.on('send_message', (sent: Sent, done?: (answer: object) => void) => {
      socket.to(sent.room).emit('new_message', { ...sent, username });
      done?.({ ok: true });
    });
  });
  return () => io.close();
});

const rooms: Dialect<'socketio'> = defineDialect({
  name: 'rooms',
  on: 'socketio',
  handshake: ({ clientId }) => ({ auth: { username: clientId } }),
  join: (room) => ['join_room', room],
  joined: 'reply',
  leave: (room) => ['leave_room', room],
  publish: ({ channel, event, data, id }) => ['send_message', { room: channel, event, data, id }],
  ack: { level: 'accepted', by: 'reply' },
  echo: false,
  receive([name, sent]: [string, Sent & { username?: string }]) {
    if (name !== 'new_message') return undefined;
    const { room, event, data, id, username } = sent;
    return { channel: room, event, data, id, clientId: username, verified: true };
  },
});

describeAdapter(
  'socketio with a dialect of rooms',
  dialectHarness(
    (host) =>
      socketio({ url: `http://${host}`, options: { transports: ['websocket'] }, dialect: rooms }),
    { capabilities: rooms.capabilities, leftOut: 89 },
  ),
);
