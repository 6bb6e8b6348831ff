/**
 * The socketio adapter against the conformance suite, on a real `socket.io` server: over each transport, with the upgrade
 * between them, with the MessagePack parser, and with clients of ws and sse in the same channels.
 *
 * @see tests/support/v1-backend.ts
 */
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { describeAdapter } from '@anywire/testkit';
import { Server } from 'socket.io';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { useV1Server, v1Harness } from '../../../tests/support/v1-backend.ts';
import { socketio, type UrlOptions } from '../src/index.ts';

const packedPath = '/packed.io';
let servers: readonly Server[];

useV1Server([], {
  start(http) {
    servers = [new Server(http), new Server(http, { path: packedPath, parser: msgpackParser })];
  },
  attach(server) {
    for (const io of servers) server.attachSocketIO(io);
  },
  async close() {
    for (const io of servers) await io.close();
  },
});

const { capabilities } = socketio({ url: 'http://127.0.0.1/' });
const harness = { capabilities, leftOut: 19 };
const polls = { ...harness, turns: 20 };

const over = (options: UrlOptions['options'] & object) => (_: number, host: string) =>
  socketio({ url: `http://${host}`, options });

describeAdapter('socketio over websocket', v1Harness(over({ transports: ['websocket'] }), harness));
describeAdapter('socketio over polling', v1Harness(over({ transports: ['polling'] }), polls));
describeAdapter('socketio with the upgrade', v1Harness(over({}), polls));
describeAdapter(
  'socketio with the MessagePack parser',
  v1Harness(over({ path: packedPath, parser: msgpackParser, transports: ['websocket'] }), harness),
);
/** Clients of every kind, by their index of four. */
const kinds = [
  over({ transports: ['websocket'] }),
  (_: number, host: string) => ws({ url: `ws://${host}/anywire` }),
  (_: number, host: string) => sse({ url: `http://${host}/anywire`, transport: 'stream' }),
  over({ transports: ['polling'] }),
];
describeAdapter(
  'socketio, ws and sse in one channel',
  v1Harness((index, host) => kinds[index]!(index, host), polls),
);
