/**
 * (e) against the conformance suite: a plain WebSocket, where a receipt says `written` and nobody hears himself.
 */
import { ws } from '@anywire/adapter-ws';
import { describeAdapter } from '@anywire/testkit';
import { rawWs } from '../dialects/raw-ws.ts';
import { inRooms } from './carried.ts';
import { existingHarness } from './existing-harness.ts';

describeAdapter(
  'existing server raw-ws',
  existingHarness({
    server: 'raw-ws',
    dialect: rawWs,
    adapter: (host) => ws({ url: `ws://${host}`, dialect: rawWs }),
    carrying: inRooms,

    leftOut: 88,
  }),
);
