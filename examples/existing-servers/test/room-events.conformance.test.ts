/**
 * (b) against the conformance suite: stored messages, acknowledged, and history by REST.
 */
import { socketio } from '@anywire/adapter-socketio';
import { describeAdapter } from '@anywire/testkit';
import { roomEvents } from '../dialects/room-events.ts';
import { inRooms } from './carried.ts';
import { existingHarness, joiningManyIsEntering } from './existing-harness.ts';

describeAdapter(
  'existing server room-events',
  existingHarness({
    server: 'room-events',
    dialect: roomEvents({ url: 'http://localhost' }),
    adapter: (host) =>
      socketio({
        url: `http://${host}`,
        options: { transports: ['websocket'] },
        dialect: roomEvents({ url: `http://${host}` }),
      }),
    carrying: inRooms,
    cannot: {
      ...joiningManyIsEntering,
      'a volatile publish on a connection proves nothing, and is not kept':
        'the server keeps every message',
      'the serial of a receipt is the serial of the message':
        'the server keeps no id of ours, so a message is not known by that of its receipt',
    },
    leftOut: 66,
  }),
);
