/** Clients of socketio, ws and sse in one channel against the conformance suite. */
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { describeOverSocketIo, over, type AdapterAt } from './over-socket-io.ts';

/** Clients of every kind, by their index of four. */
const kinds: readonly AdapterAt[] = [
  over({ transports: ['websocket'] }),
  (_, host) => ws({ url: `ws://${host}/anywire` }),
  (_, host) => sse({ url: `http://${host}/anywire`, transport: 'stream' }),
  over({ transports: ['polling'] }),
];

describeOverSocketIo(
  'socketio, ws and sse in one channel',
  (index, host) => kinds[index]!(index, host),
  20,
);
