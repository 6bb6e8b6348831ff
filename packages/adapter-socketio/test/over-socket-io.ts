/**
 * The clients of the conformance suite over Socket.IO, on a real `socket.io` server; one file for each transport, for they wait more
 * than they work.
 *
 * @see tests/support/v1-backend.ts
 */
import { describeAdapter } from '@anywire/testkit';
import type { Adapter } from '@anywire/core';
import { Server, type Socket } from 'socket.io';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { useV1Server, v1Harness } from '../../../tests/support/v1-backend.ts';
import { socketio, type UrlOptions } from '../src/index.ts';

/** Options of a client of the server that has the MessagePack parser. */
export const packed = { path: '/packed.io', parser: msgpackParser };

const { capabilities } = socketio({ url: 'http://127.0.0.1/' });

/** The adapter of the client with this index, of four, at `host`. */
export type AdapterAt = (index: number, host: string) => Adapter;

export const over =
  (options: UrlOptions['options'] & object): AdapterAt =>
  (_, host) =>
    socketio({ url: `http://${host}`, options });

/**
 * Runs the suite.
 *
 * @param turns - Of the event loop, in which a cut is repeated: who polls may be between two connections.
 */
export function describeOverSocketIo(title: string, adapterAt: AdapterAt, turns = 1): void {
  let servers: readonly Server[] = [];
  useV1Server([], {
    start(http) {
      servers = [new Server(http), new Server(http, packed)];
      // A transport whose client polls no more would wait 30 s for it, with a timer.
      for (const { engine } of servers)
        engine.on('connection', ({ transport }: Socket['conn']) =>
          Object.assign(transport, { closeTimeout: 200 }),
        );
    },
    attach(server) {
      for (const io of servers) server.attachSocketIO(io);
    },
    async close() {
      for (const io of servers) await io.close();
    },
  });
  describeAdapter(title, v1Harness(adapterAt, { capabilities, leftOut: 19, turns }));
}
