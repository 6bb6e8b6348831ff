/**
 * A dialect over a WebSocket against the conformance suite: the cases that its capabilities select, on a server that gives
 * what it hears to all in a room.
 *
 * @see tests/support/dialect-backend.ts
 */
import { ws } from '@anywire/adapter-ws';
import { defineDialect, type Dialect } from '@anywire/core/dialect';
import { describeAdapter } from '@anywire/testkit';
import { WebSocketServer, type WebSocket as Peer } from 'ws';
import { dialectHarness, useExistingServer } from '../../../tests/support/dialect-backend.ts';

interface RoomFrame {
  readonly type: 'join' | 'joined' | 'leave' | 'message';
  readonly room: string;
  readonly content?: { readonly event: string; readonly data: unknown };
  readonly id?: string;
  readonly user?: string;
}

useExistingServer((http) => {
  const server = new WebSocketServer({ server: http });
  const rooms = new Map<string, Set<Peer>>();
  server.on('connection', (peer, request) => {
    const user = new URL(request.url ?? '', 'http://any').searchParams.get('user') ?? undefined;
    peer.on('close', () => rooms.forEach((room) => room.delete(peer)));
    peer.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as RoomFrame;
      const { type, room } = frame;
      const members = rooms.get(room) ?? new Set<Peer>();
      rooms.set(room, members);
      if (type === 'join') {
        members.add(peer);
        peer.send(JSON.stringify({ type: 'joined', room }));
      }
      if (type === 'leave') members.delete(peer);
      if (type === 'message')
        for (const one of members) one.send(JSON.stringify({ ...frame, user }));
    });
  });
  return () => {
    for (const peer of server.clients) peer.terminate();
    server.close();
  };
});

const rooms: Dialect<'ws'> = defineDialect({
  name: 'rooms',
  on: 'ws',
  handshake: ({ clientId }) => ({ query: { ...(clientId && { user: clientId }) } }),
  join: (room) => ({ type: 'join', room }),
  joined: 'frame',
  leave: (room) => ({ type: 'leave', room }),
  publish: ({ channel, event, data, id }) => ({
    ...{ type: 'message', room: channel, id },
    content: { event, data },
  }),
  ack: { level: 'accepted', by: 'echo' },
  echo: true,
  receive({ type, room, content, id, user }: RoomFrame) {
    if (type === 'joined') return { joined: room };
    return content && { ...content, channel: room, id, clientId: user, verified: true };
  },
});

describeAdapter(
  'ws with a dialect of rooms',
  dialectHarness((host) => ws({ url: `ws://${host}/`, dialect: rooms }), {
    capabilities: rooms.capabilities,
    leftOut: 89,
  }),
);
