/**
 * (a) against the conformance suite: what an echo proves, a backlog, and presence of user names.
 */
import { socketio } from '@anywire/adapter-socketio';
import { describeAdapter } from '@anywire/testkit';
import { tutorialRooms } from '../dialects/tutorial-rooms.ts';
import { inRooms } from './carried.ts';
import { existingHarness, joiningManyIsEntering } from './existing-harness.ts';

describeAdapter(
  'existing server tutorial-rooms',
  existingHarness({
    server: 'tutorial-rooms',
    dialect: tutorialRooms,
    adapter: (host) =>
      socketio({
        url: `http://${host}`,
        options: { transports: ['websocket'] },
        dialect: tutorialRooms,
      }),
    carrying: inRooms,
    cannot: joiningManyIsEntering,
    leftOut: 78,
  }),
);
