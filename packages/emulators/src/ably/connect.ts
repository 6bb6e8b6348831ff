/**
 * Connections: opened, resumed or not, and lost.
 *
 * Whoever is refused is let in first and then told: a client cannot see why a handshake failed.
 *
 * @see SOURCE.md#ably-connecting
 */
import { randomId, type World } from './app.ts';
import { drop } from './attach.ts';
import { authenticate, type Grant } from './auth.ts';
import { decodeFrame, type Format } from './codec.ts';
import {
  send,
  sendError,
  sendRaw,
  type Connection,
  type Pipe,
  type Transport,
} from './connection.ts';
import { AblyError, asAblyError, errorInfo } from './errors.ts';
import { receive } from './frames.ts';
import { intercepted } from './faults.ts';
import { leaveLater, stay } from './presence.ts';
import { actions } from './protocol.ts';

/** What a carrier tells of its socket. */
export interface Inlet {
  receive(data: string | Uint8Array): void;
  closed(): void;
}

const nobody: Inlet = { receive() {}, closed() {} };

/** @param target - The path with its query. */
export function open(world: World, pipe: Pipe, target: string): Inlet {
  const { searchParams: query } = new URL(target, 'http://localhost');
  const format: Format = query.get('format') === 'msgpack' ? 'msgpack' : 'json';
  const heartbeats = query.get('heartbeats') === 'true';
  const transport: Transport = { pipe, format, heartbeats, isMuted: false, stopTimers() {} };
  try {
    refuseIfTold(world);
    const grant = authenticate(world, {
      key: query.get('key') ?? undefined,
      token: query.get('access_token') ?? query.get('accessToken') ?? undefined,
      clientId: query.get('clientId') ?? undefined,
    });
    const { connection, error } = found(world, grant, query);
    connection.echo = query.get('echo') !== 'false';
    activate(connection, transport, error);
    return inletOf(connection, transport);
  } catch (thrown) {
    const error = asAblyError(thrown);
    world.log(`refused: ${error.code} ${error.message}`);
    const isPassing = error.code >= 80000 && error.code < 90000;
    const action = isPassing ? actions.disconnected : actions.error;
    sendRaw(transport, { action, error: errorInfo(error) });
    pipe.close(1000);
    return nobody;
  }
}

/** @throws {AblyError} what a test has asked for */
function refuseIfTold({ faults: { refusals } }: World): void {
  if (refusals.left === 0) return;
  refusals.left -= 1;
  throw new AblyError(refusals.code);
}

/** The connection that is asked for, or a new one, with why. */
function found(
  world: World,
  grant: Grant,
  query: URLSearchParams,
): { connection: Connection; error?: AblyError } {
  const recover = query.get('recover');
  const key = query.get('resume') ?? recover;
  if (key === null) return { connection: create(world, grant) };
  const [, id] = /^([A-Za-z0-9]+)!./.exec(key) ?? [];
  if (id === undefined) return { connection: create(world, grant), error: new AblyError(80018) };
  const known = world.connections.get(id);
  const isOurs = known?.key === key && !known.isForgotten && known.grant.app === grant.app;
  if (!isOurs || (recover !== null && known.transport !== undefined))
    return { connection: create(world, grant), error: new AblyError(80008) };
  if (known.grant.clientId !== grant.clientId && grant.clientId !== '*')
    throw new AblyError(40102, 'the client id is not that of the connection');
  known.grant = grant;
  return { connection: known };
}

function create(world: World, grant: Grant): Connection {
  const id = randomId(10);
  const connection: Connection = {
    ...{ world, id, grant, key: `${id}!${randomId(16)}` },
    ...{ echo: true, transport: undefined, sentMs: [], isForgotten: false, stopExpiry() {} },
    attachments: new Map(),
    answers: new Map(),
  };
  world.connections.set(id, connection);
  return connection;
}

/** From here on the connection speaks over this socket. */
function activate(
  connection: Connection,
  transport: Transport,
  error: AblyError | undefined,
): void {
  // The client has lost a socket that we still see.
  if (connection.transport) lose(connection, connection.transport, 1006);
  connection.stopExpiry();
  stay(connection);
  connection.transport = transport;
  sendConnected(connection, error);
  startTimers(connection, transport);
}

export function sendConnected(connection: Connection, error?: AblyError): void {
  const { id, key, grant, world } = connection;
  send(connection, {
    action: actions.connected,
    connectionId: id,
    connectionKey: key,
    connectionDetails: {
      ...(grant.clientId !== undefined && { clientId: grant.clientId }),
      connectionKey: key,
      maxMessageSize: world.limits.messageBytes,
      maxFrameSize: world.limits.frameBytes,
      maxInboundRate: world.limits.publishPerSecond,
      connectionStateTtl: world.times.connectionStateTtlMs,
      maxIdleInterval: world.times.maxIdleIntervalMs,
      serverId: 'anywire-emulate',
    },
    ...(error && { error: errorInfo(error) }),
  });
}

/** Something is said at least every `maxIdleIntervalMs`; and nobody stays whose token has expired. */
export function startTimers(connection: Connection, transport: Transport): void {
  const { world, grant } = connection;
  const { clock, times } = world;
  transport.stopTimers();
  let stopBeat = (): void => {};
  const beat = (): void => {
    if (transport.heartbeats) send(connection, { action: actions.heartbeat });
    else if (!transport.isMuted) transport.pipe.ping();
    stopBeat = clock.schedule(beat, times.maxIdleIntervalMs);
  };
  stopBeat = clock.schedule(beat, times.maxIdleIntervalMs);
  const stopExpiry =
    grant.expiresMs === undefined
      ? () => {}
      : clock.schedule(
          () => disconnect(connection, new AblyError(40142)),
          grant.expiresMs - clock.now(),
        );
  transport.stopTimers = () => {
    stopBeat();
    stopExpiry();
  };
}

function inletOf(connection: Connection, transport: Transport): Inlet {
  const { world, id } = connection;
  return {
    receive(data) {
      if (transport.isMuted || connection.transport !== transport) return;
      try {
        const frame = decodeFrame(data, transport.format);
        for (const one of intercepted(world.faults, frame, 'in', id)) receive(connection, one);
      } catch (error) {
        fail(connection, asAblyError(error));
      }
    },
    closed: () => lose(connection, transport, undefined),
  };
}

/** The socket is gone; the connection can be resumed. @param code - Closes it first. */
export function lose(connection: Connection, transport: Transport, code: number | undefined): void {
  transport.stopTimers();
  if (connection.transport === transport) {
    connection.transport = undefined;
    connection.world.faults.held.delete(connection);
    for (const attachment of connection.attachments.values()) {
      attachment.channel.attachments.delete(attachment);
      leaveLater(connection, attachment.channel);
    }
    connection.attachments.clear();
    const { clock, times, connections } = connection.world;
    connection.stopExpiry();
    connection.stopExpiry = clock.schedule(
      () => connections.delete(connection.id),
      times.connectionStateTtlMs,
    );
  }
  if (code !== undefined) transport.pipe.close(code);
}

/** Told to come back. */
export function disconnect(connection: Connection, error: AblyError): void {
  const { transport } = connection;
  if (!transport) return;
  send(connection, { action: actions.disconnected, error: errorInfo(error) });
  lose(connection, transport, 1000);
}

/** Told never to come back. */
export function fail(connection: Connection, error: AblyError): void {
  sendError(connection, error);
  dispose(connection);
}

/** Nothing of it is kept; its members leave. */
export function dispose(connection: Connection): void {
  const { transport, world, attachments, id } = connection;
  for (const name of [...attachments.keys()]) drop(connection, name);
  connection.stopExpiry();
  world.connections.delete(id);
  connection.transport = undefined;
  transport?.stopTimers();
  transport?.pipe.close(1000);
}
