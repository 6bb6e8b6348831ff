/**
 * A connection's beginning, silence and end.
 *
 * The socket is opened first and closed with the code then: a browser cannot see why a handshake was refused.
 *
 * @see SOURCE.md#connecting
 */
import type { App } from './app.ts';
import { leave } from './channel.ts';
import { send, type Connection, type Pipe } from './connection.ts';
import { signOut } from './users.ts';

/** The reason that goes with each code. */
export const closeReasons: ReadonlyMap<number, string> = new Map([
  [4000, 'Application only accepts SSL connections, reconnect using wss://'],
  [4003, 'Application disabled'],
  [4004, 'Application is over connection quota'],
  [4005, 'Path not found'],
  [4006, 'Invalid version string format'],
  [4007, 'Unsupported protocol version'],
  [4008, 'No protocol version supplied'],
  [4009, 'Connection is unauthorized'],
  [4100, 'Over capacity'],
  [4200, 'Generic reconnect immediately'],
  [4201, 'Pong reply not received'],
  [4202, 'Closed after inactivity'],
]);

/** Protocols that are spoken: 5 to 7 differ in nothing that a client of today sends. */
const protocols = new Set(['5', '6', '7']);

/** Why a handshake is refused, as a close code. */
export function refusalOf(app: App, query: URLSearchParams): number | undefined {
  const { refusals } = app.faults;
  if (refusals.left > 0) {
    refusals.left -= 1;
    return refusals.code;
  }
  const version = query.get('protocol');
  if (version === null || version === '') return 4008;
  if (!/^\d+$/.test(version)) return 4006;
  if (!protocols.has(version)) return 4007;
  if (!app.enabled) return 4003;
  if (app.connections.size >= app.maxConnections) return 4004;
  return undefined;
}

/** Makes a connection of a pipe that is open, and greets. */
export function connect(app: App, pipe: Pipe, socketId: string): Connection {
  const now = app.clock.now();
  const connection: Connection = {
    ...{ app, socketId, pipe, subscriptions: new Map(), user: undefined, sentMs: [] },
    ...{ isMuted: false, isOver: false, heardMs: now, activeMs: now, held: undefined },
    stopTimers: () => {},
  };
  app.connections.set(socketId, connection);
  const activity_timeout = app.times.activityMs / 1_000;
  const data = JSON.stringify({ socket_id: socketId, activity_timeout });
  send(connection, 'pusher:connection_established', data);
  watch(connection);
  return connection;
}

/** Pings who is silent, closes who does not answer or does nothing. One timer at a time for each connection. */
function watch(connection: Connection): void {
  const { app } = connection;
  const { clock, times } = app;
  let pingedMs: number | undefined;
  let stopAuthorize = (): void => {};
  const look = (): void => {
    const now = clock.now();
    if (pingedMs !== undefined && connection.heardMs < pingedMs) return close(connection, 4201);
    if (now - connection.activeMs >= times.inactivityMs) return close(connection, 4202);
    const silentMs = now - connection.heardMs;
    const isSilent = silentMs >= times.activityMs;
    pingedMs = isSilent ? now : undefined;
    if (isSilent) send(connection, 'pusher:ping', '{}');
    const untilIdleMs = times.inactivityMs - (now - connection.activeMs);
    const nextMs = isSilent ? times.pongMs : times.activityMs - silentMs;
    stop = clock.schedule(look, Math.max(1, Math.min(nextMs, untilIdleMs)));
  };
  let stop = clock.schedule(look, Math.min(times.activityMs, times.inactivityMs));
  if (app.authorizedConnections)
    stopAuthorize = clock.schedule(() => {
      const isKnown =
        connection.user ??
        [...connection.subscriptions.keys()].some((name) => /^(private|presence)-/.test(name));
      if (isKnown === undefined || isKnown === false) close(connection, 4009);
    }, times.authorizeMs);
  connection.stopTimers = () => {
    stop();
    stopAuthorize();
  };
}

/** Closes from this side; nothing more goes out. */
export function close(
  connection: Connection,
  code: number,
  reason: string = closeReasons.get(code) ?? '',
): void {
  if (connection.isOver) return;
  ended(connection);
  connection.pipe.close(code, reason);
}

/** The socket is gone, from whichever side. */
export function ended(connection: Connection): void {
  if (connection.isOver) return;
  connection.isOver = true;
  connection.stopTimers();
  connection.app.connections.delete(connection.socketId);
  for (const name of [...connection.subscriptions.keys()]) leave(connection, name);
  signOut(connection);
}
