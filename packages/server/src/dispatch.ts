/**
 * From the text that a client sent to the handler of each frame: decodes, holds the client to the order of the
 * protocol, keeps the order within each channel, and answers what was refused.
 *
 * @see docs/protocol.md#violations · lanes.ts · dispatch.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import {
  decodeClientFrames,
  unpackClientFrames,
  type ClientFrame,
  type Decoded,
  type Refused,
} from '@anywire/protocol';
import { attach, detach } from './attach.ts';
import { connect, renew } from './connect.ts';
import type { Connection } from './connection.ts';
import { chain, isPromise, run, type Flow, type MaybePromise } from './flow.ts';
import { pong } from './frame.ts';
import { history } from './history.ts';
import type { Hub } from './hub.ts';
import { createLanes } from './lanes.ts';
import { enter, leave } from './presence.ts';
import { publish } from './publish.ts';
import { refuse } from './refuse.ts';

/** A frame, and its data as text, and as a binary codec wrote them. */
interface Job {
  /** Why it is not done: decided when it came, answered in its turn. */
  readonly refused?: RealtimeError;
  readonly frame: ClientFrame;
  readonly payload: string | undefined;
  readonly packed?: Uint8Array | undefined;
}

/** Lanes that no channel name can be. */
const connectLane = '';
const tokenLane = '\n';

/** Takes what a client sent. */
export function receive(hub: Hub, connection: Connection, message: string | Uint8Array): void {
  connection.heardAt = hub.connections.tick;
  const frames = decode(hub, connection, message);
  if (isFlood(hub, connection, frames.length)) return;
  for (const decoded of frames) {
    if (connection.state === 'closed') return;
    if (decoded.ok) route(hub, connection, decoded);
    else violated(hub, connection, decoded);
  }
}

/** A control frame of the transport; it is answered by a client's leave to be fast, and to one that reads. */
export function control(hub: Hub, connection: Connection): boolean {
  if (connection.state === 'closed' || isFlood(hub, connection, 1)) return false;
  return connection.waitingBytes <= hub.parts.limits.outboundBytes;
}

/** More frames than any honest client sends end the connection. */
function isFlood(hub: Hub, connection: Connection, frames: number): boolean {
  const retryAfterMs = hub.limiter.frames(connection, frames);
  if (retryAfterMs === 0) return false;
  hub.end(connection, 'rate_exceeded', 'too many frames came', { retryAfterMs });
  return true;
}

function decode(
  hub: Hub,
  { transport: { codec } }: Connection,
  message: string | Uint8Array,
): readonly Decoded<ClientFrame>[] {
  const options = { maxDepth: hub.parts.limits.depth };
  if (typeof message === 'string') return decodeClientFrames(message, options);
  if (codec) return unpackClientFrames(codec, message, options);
  return [{ ok: false, reason: 'bad_frame', message: 'this protocol is text', r: undefined }];
}

function violated(hub: Hub, connection: Connection, { reason, message, r }: Refused): void {
  if (reason !== 'invalid') hub.end(connection, reason, message);
  else if (connection.state === 'fresh') hub.end(connection, 'bad_frame', message);
  else refuse(hub, connection, { r }, new RealtimeError('invalid', message));
}

/** What needs no order is done at once; the rest waits for its lane. */
function route(hub: Hub, connection: Connection, job: Job): void {
  const { frame } = job;
  switch (frame.t) {
    case 'ping':
      return connection.send(pong);
    case 'pong':
      return;
    case 'bye':
      // Who says it with its `connect` has to be known first: it may have a connection over other pipes.
      // While its turn in that lane runs, the lane is still busy: only the state tells that `connect` is done.
      if (connection.isExchange && isConnecting(connection)) break;
      hub.gone(connection, 1000, 'the client said bye', 'left');
      return connection.transport.close(1000, '');
    case 'connect':
      if (connection.state === 'fresh') break;
      return hub.end(connection, 'unexpected_frame', 'connect came twice');
    default:
      if (connection.state !== 'fresh') break;
      return hub.end(connection, 'unexpected_frame', 'the first frame is connect');
  }
  // What waits for `connect` comes here again.
  if (connection.state === 'open') {
    const refused = hub.limiter.refusal(connection, frame);
    if (refused === 'drop') return;
    if (refused) job = { ...job, refused };
  }
  const lane = laneOf(connection, frame);
  if (connection.lanes?.isBusy(lane)) {
    // What came in while the token was looked at finds its own lane afterwards.
    const work = lane === connectLane ? route : perform;
    connection.lanes.add(lane, () => work(hub, connection, job), unitsOf(job));
    return;
  }
  const pending = perform(hub, connection, job);
  if (isPromise(pending))
    (connection.lanes ??= createLanes(connection.transport)).hold(lane, pending);
}

function isConnecting({ state, lanes }: Connection): boolean {
  return state !== 'open' && lanes?.isBusy(connectLane) === true;
}

/** How much waits with it. */
function unitsOf({ packed, payload }: Job): number {
  return (packed ?? payload)?.length ?? 0;
}

function laneOf({ state }: Connection, frame: ClientFrame): string {
  if (state !== 'open') return connectLane;
  return 'c' in frame ? frame.c : tokenLane;
}

/** Does what a frame asks for; never throws. */
function perform(hub: Hub, connection: Connection, job: Job): MaybePromise<void> {
  if (connection.state === 'closed') return undefined;
  const failed = (error: unknown): void => refuse(hub, connection, job.frame, error);
  try {
    const done = start(hub, connection, job);
    return isPromise(done) ? done.catch(failed) : undefined;
  } catch (error) {
    return failed(error);
  }
}

function start(hub: Hub, connection: Connection, job: Job): MaybePromise<void> {
  const { frame, refused } = job;
  if (refused) throw refused;
  if (frame.t === 'publish')
    return chain(publish(hub, connection, frame, job), (stored) => {
      if (stored) follow(hub, connection, job, stored.acked);
    });
  if (frame.t === 'detach') return detach(hub, connection, frame);
  return run(handler(hub, connection, job), () => connection.state === 'closed');
}

/** An ack that comes later holds up no lane: the engine keeps the order, and stores what comes together at once. */
function follow(hub: Hub, connection: Connection, job: Job, acked: Promise<void>): void {
  const lanes = (connection.lanes ??= createLanes(connection.transport));
  const pending = acked.catch((error: unknown) => refuse(hub, connection, job.frame, error));
  lanes.count(pending, unitsOf(job));
}

function handler(hub: Hub, connection: Connection, { frame, payload }: Job): Flow {
  switch (frame.t) {
    case 'connect':
      return connect(hub, connection, frame);
    case 'token':
      return renew(hub, connection, frame);
    case 'attach':
      return attach(hub, connection, frame, payload);
    case 'enter':
    case 'update':
      return enter(hub, connection, frame, payload);
    case 'leave':
      return leave(hub, connection, frame);
    case 'history':
      return history(hub, connection, frame);
    default:
      throw new Error(`no handler for ${frame.t}`);
  }
}
