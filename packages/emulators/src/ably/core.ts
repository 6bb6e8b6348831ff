/**
 * An emulated Ably without sockets: whoever has connections and requests hands them in, a server on this machine or what intercepts
 * the addresses of the vendor.
 *
 * @see server.ts · ../../SOURCE.md#ably
 */
import type { Answer, Request } from '../listen.ts';
import { createWorld } from './app.ts';
import { disconnect, open, type Inlet } from './connect.ts';
import type { Pipe } from './connection.ts';
import { createControls, type AblyControls } from './controls.ts';
import { AblyError } from './errors.ts';
import { answerHttp } from './http.ts';
import type { AblyOptions } from './options.ts';

export interface AblyCore {
  /** A client whose socket is open. @param target - The path with its query. */
  open(pipe: Pipe, target: string): Inlet;
  http(request: Request): Answer;
  readonly controls: AblyControls;
  /** Tells every client to come back later. */
  close(): void;
}

/** @throws {AblyError} 40000, for keys that cannot be */
export function createAblyCore(options: AblyOptions): AblyCore {
  const world = createWorld(options);
  return {
    open: (pipe, target) => open(world, pipe, target),
    http: (request) => answerHttp(world, request),
    controls: createControls(world),
    close() {
      for (const connection of world.connections.values())
        disconnect(connection, new AblyError(80003));
      for (const { stopExpiry } of world.connections.values()) stopExpiry();
    },
  };
}
