/** Handshakes: who may open a socket, and what comes over it. @see SOURCE.md#supabase-handshake */
import type { Answer } from '../listen.ts';
import { intercepted, type Connection, type Pipe } from './connection.ts';
import { remove } from './ending.ts';
import { decodeFrame, type Version } from './frames.ts';
import { receive } from './receive.ts';
import { randomId } from './room.ts';
import { Refused } from './tokens.ts';
import type { World } from './world.ts';

export interface Inlet {
  receive(data: string | Uint8Array): void;
  closed(): void;
}

const paths = ['/realtime/v1/websocket', '/socket/websocket'];
const versions: readonly string[] = ['1.0.0', '2.0.0'];

interface Handshake {
  readonly path: string;
  readonly version: string;
  readonly key: string;
}

function read(target: string): Handshake {
  const { pathname: path, searchParams: query } = new URL(target, 'http://localhost');
  return { path, version: query.get('vsn') ?? '1.0.0', key: query.get('apikey') ?? '' };
}

const answered = (status: number, error: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: error === '' ? '' : JSON.stringify({ error }),
});

/** Why a socket is not opened. Counts what a test has asked to be refused. */
export function refusal(world: World, target: string): Answer | undefined {
  const { faults, connections, limits } = world;
  const { path, version, key } = read(target);
  if (!paths.includes(path)) return answered(404, 'Not found');
  if (!versions.includes(version)) return answered(403, '');
  if (faults.refusals.left > 0) {
    faults.refusals.left -= 1;
    return answered(faults.refusals.status, 'refused, as a test asked');
  }
  if (connections.size >= limits.connections) return answered(429, 'Too many connected users');
  try {
    world.claimsOf(key);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return answered(401, error.message);
    throw error;
  }
}

/** A client whose handshake nobody refused. */
export function open(world: World, pipe: Pipe, target: string): Inlet {
  const { version, key } = read(target);
  const connection: Connection = {
    ...{ id: randomId(), world, pipe, claims: world.claimsOf(key), version: version as Version },
    channels: new Map(),
    isMuted: false,
    isOpen: true,
    stopIdle() {},
  };
  const { clock, times, connections } = world;
  const wait = (): void => {
    connection.stopIdle();
    connection.stopIdle = clock.schedule(() => pipe.close(1000), times.idleMs);
  };
  connections.add(connection);
  wait();
  world.log(`${connection.id} is connected, in ${version}`);
  return {
    receive(data) {
      if (connection.isMuted) return;
      wait();
      const frame = frameIn(connection, data);
      for (const one of frame ? intercepted(connection, frame, 'in') : []) receive(connection, one);
    },
    closed() {
      connection.isOpen = false;
      connection.stopIdle();
      connections.delete(connection);
      for (const channel of connection.channels.values()) remove(channel);
      world.log(`${connection.id} is gone`);
    },
  };
}

/** What is no frame is passed over, as at the service. */
function frameIn({ version, world, id }: Connection, data: string | Uint8Array) {
  try {
    return decodeFrame(data, version);
  } catch (error) {
    world.log(`${id} sent no frame: ${(error as Error).message}`);
    return undefined;
  }
}
