/**
 * What a test can do to the service: faults that a real one has, at the moment that the test chooses.
 */
import type { App } from './app.ts';
import { close } from './connect.ts';
import type { Connection } from './connection.ts';

/** Which connections: by socket id, by app key, or all of them. */
export interface Which {
  readonly socketId?: string;
  readonly key?: string;
}

export interface PusherControls {
  /** Socket ids of those who are connected, oldest first. */
  connections(which?: Which): readonly string[];
  /** Cuts connections as a network does (1006). Answers how many. */
  drop(which?: Which): number;
  /** Closes connections with a code of the protocol. Answers how many. */
  closeWith(code: number, which?: Which, reason?: string): number;
  /** From now on these connections are half-open: nothing goes out, what comes in is lost. Answers how many. */
  mute(which?: Which): number;
  unmute(which?: Which): number;
  /** Refuses the next handshakes with this close code. @default 4100 */
  refuse(count: number, code?: number): void;
  /** Answers to subscriptions wait. */
  holdSubscriptions(): void;
  releaseSubscriptions(): void;
  /** The next requests to the HTTP API fail. @default 500 */
  failHttp(count: number, status?: number): void;
  /** Members that leave are shown for so long. */
  delayMemberRemoval(ms: number): void;
  /** Sends any frame to connections: what no well-behaved server sends. Answers how many. */
  push(frame: object, which?: Which): number;
}

export function createControls(apps: readonly App[]): PusherControls {
  const chosen = ({ socketId, key }: Which = {}): readonly Connection[] =>
    apps
      .filter((app) => key === undefined || app.key === key)
      .flatMap(({ connections }) => [...connections.values()])
      .filter((connection) => socketId === undefined || connection.socketId === socketId);
  const each = (which: Which | undefined, act: (connection: Connection) => void): number => {
    const connections = chosen(which);
    for (const connection of connections) act(connection);
    return connections.length;
  };
  return {
    connections: (which) => chosen(which).map(({ socketId }) => socketId),
    drop: (which) => each(which, (connection) => close(connection, 1006)),
    closeWith: (code, which, reason) =>
      each(which, (connection) => close(connection, code, reason)),
    mute: (which) => each(which, (connection) => (connection.isMuted = true)),
    unmute: (which) => each(which, (connection) => (connection.isMuted = false)),
    refuse(count, code = 4100) {
      for (const { faults } of apps) faults.refusals = { left: count, code };
    },
    holdSubscriptions() {
      for (const { faults } of apps) faults.isHolding = true;
    },
    releaseSubscriptions() {
      for (const { faults } of apps) faults.isHolding = false;
      each(undefined, (connection) => {
        const held = connection.held ?? [];
        connection.held = undefined;
        for (const answer of held) answer();
      });
    },
    failHttp(count, status = 500) {
      for (const { faults } of apps) faults.httpFailures = { left: count, status };
    },
    delayMemberRemoval(ms) {
      for (const { faults } of apps) faults.memberRemovalMs = ms;
    },
    push: (frame, which) =>
      each(which, ({ pipe, isMuted }) => {
        if (!isMuted) pipe.send(JSON.stringify(frame));
      }),
  };
}
