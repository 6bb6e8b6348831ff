/** One socket, and how something is said to it. */
import type { Channel } from './channel.ts';
import {
  encodeBroadcast,
  encodeFrame,
  type Broadcast,
  type Frame,
  type Version,
} from './frames.ts';
import type { Claims } from './tokens.ts';
import type { World } from './world.ts';

/** The way to a client, whatever carries it. */
export interface Pipe {
  send(data: string | Uint8Array): void;
  /** 1006: as if the network had done it. */
  close(code: number, reason?: string): void;
}

export interface Connection {
  readonly id: string;
  readonly world: World;
  readonly pipe: Pipe;
  readonly version: Version;
  /** What the key of the handshake says. */
  readonly claims: Claims;
  /** By topic, with `realtime:`. */
  readonly channels: Map<string, Channel>;
  /** Half-open: nothing goes out, what comes in is lost. */
  isMuted: boolean;
  isOpen: boolean;
  stopIdle: () => void;
}

export function send(connection: Connection, frame: Frame): void {
  for (const one of intercepted(connection, frame, 'out'))
    write(connection, encodeFrame(one, connection.version));
}

export function sendBroadcast(connection: Connection, topic: string, broadcast: Broadcast): void {
  const { event, data, meta } = broadcast;
  const payload = { type: 'broadcast', event, payload: data, ...(meta && { meta }) };
  const frame: Frame = { topic, event: 'broadcast', payload, ref: null, joinRef: null };
  for (const one of intercepted(connection, frame, 'out')) {
    const encoded =
      one === frame
        ? encodeBroadcast(topic, broadcast, connection.version)
        : encodeFrame(one, connection.version);
    if (encoded !== undefined) write(connection, encoded);
  }
}

function write({ pipe, isMuted, isOpen }: Connection, data: string | Uint8Array): void {
  if (isOpen && !isMuted) pipe.send(data);
}

/** What a test makes of a frame. */
export function intercepted<One extends Frame>(
  { world, id }: Connection,
  frame: One,
  direction: 'in' | 'out',
): readonly (One | Frame)[] {
  let frames: readonly (One | Frame)[] = [frame];
  for (const interceptor of world.faults.interceptors)
    frames = frames.flatMap((one) => interceptor(one, direction, id) ?? []);
  return frames;
}

export type Address = Pick<Frame, 'topic' | 'ref' | 'joinRef'>;

/** Answers a push, unless a test holds, delays or loses the answer. */
export function reply(
  connection: Connection,
  { topic, ref, joinRef }: Address,
  status: 'ok' | 'error',
  response: unknown = {},
): void {
  const { world } = connection;
  const { replies, held } = world.faults;
  const task = (): void => answer(connection, { topic, ref, joinRef }, status, response);
  if (replies.lost > 0) replies.lost -= 1;
  else if (replies.isHolding) held.push(task);
  else if (replies.delayMs > 0) world.clock.schedule(task, replies.delayMs);
  else task();
}

export function answer(
  connection: Connection,
  { topic, ref, joinRef }: Address,
  status: 'ok' | 'error',
  response: unknown,
): void {
  const payload = { status, response };
  send(connection, { topic, event: 'phx_reply', payload, ref, joinRef });
}
