/**
 * `attachSocketIO`: clients of an app's own `socket.io` server join the channels of this one, beside the app's events.
 *
 * Pages of foreign origins are kept out before the handshake (`allowRequest`): `cors` of Socket.IO hides answers from
 * them, and lets their WebSockets in. Everything else is decided by the session, as over any other pipe.
 *
 * @see docs/protocol.md#socketio · socketio-seat.ts · docs/decisions/0016-socketio.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { closeCodes } from '@anywire/protocol';
import type { Addresses } from './addresses.ts';
import type { ClientAddress } from './client-address.ts';
import { comeBackMs } from './drain.ts';
import type { HttpHeaders } from './http-request.ts';
import type { Life } from './life.ts';
import type { Log } from './log.ts';
import { isOurs, SocketIoSeat, type SeatParts, type Turned } from './socketio-seat.ts';
import type {
  AllowRequest,
  EngineConnection,
  EngineOptions,
  SocketIoServer,
  SocketIoSocket,
} from './socketio-types.ts';

export interface SocketIoAttachOptions {
  /** Where our clients are; the app's own events may be there, too. @default '/' */
  readonly namespace?: string;
}

export interface SocketIoParts {
  readonly life: Life;
  readonly addresses: Addresses;
  readonly addressOf: ClientAddress;
  readonly mayConnect: (headers: HttpHeaders) => boolean;
  readonly frameBytes: number;
  readonly outboundBytes: number;
  readonly log: Log;
}

export interface SocketIoHosts {
  /** The returned function stops it. @throws {RealtimeError} invalid */
  add(io: SocketIoServer, options?: SocketIoAttachOptions): () => void;
  /** Stops all of them. */
  close(): void;
}

/** What every transport message may have, twice (quotes inside of JSON), and its event. @see docs/protocol.md#transport-messages */
const leastBytes = 2 * 65_536 + 1_024;

/** Two servers in one namespace would both answer. */
const taken = new WeakSet<object>();

export function socketIoHosts(parts: SocketIoParts): SocketIoHosts {
  const stops = new Set<() => void>();
  return {
    add(io, options = {}) {
      const stop = attach(parts, io, options);
      stops.add(stop);
      return () => {
        stop();
        stops.delete(stop);
      };
    },
    close() {
      for (const stop of stops) stop();
      stops.clear();
    },
  };
}

function attach(
  parts: SocketIoParts,
  io: SocketIoServer,
  { namespace = '/' }: SocketIoAttachOptions,
): () => void {
  const options = engineOptions(io);
  if ((options.maxHttpBufferSize ?? Infinity) < leastBytes)
    throw new RealtimeError(
      'invalid',
      `maxHttpBufferSize of socket.io must be ${leastBytes} or more`,
    );
  if (options.connectionStateRecovery)
    parts.log(
      'warn',
      'connectionStateRecovery keeps each frame for its whole time, and gives nothing here',
    );
  const place = io.of(namespace);
  if (taken.has(place))
    throw new RealtimeError(
      'invalid',
      `a server is attached to the namespace ${namespace} already`,
    );
  taken.add(place);
  let isStopped = false;

  const { allowRequest } = options;
  const guarded = guard(parts, allowRequest, () => isStopped);
  options.allowRequest = guarded;

  const seats = new Map<SocketIoSocket, SocketIoSeat>();
  const seat: SeatParts = seatParts(parts);

  // A namespace does not give it back.
  place.use((socket, next) => {
    const turned = isStopped || !isOurs(socket) ? undefined : seat.turns(socket);
    if (turned === undefined) return next();
    const { message, ...data } = turned;
    next(Object.assign(new Error(message), { data }));
  });
  const onConnection = (socket: SocketIoSocket): void => {
    seats.set(socket, new SocketIoSeat(socket, seat));
    socket.on('disconnect', () => void seats.delete(socket));
  };
  place.on('connection', onConnection);
  for (const socket of place.sockets.values()) onConnection(socket);

  return () => {
    if (isStopped) return;
    isStopped = true;
    taken.delete(place);
    place.off('connection', onConnection);
    for (const left of seats.values()) left.stop();
    seats.clear();
    // Another one may have come since, which asks this one.
    if (options.allowRequest === guarded) options.allowRequest = allowRequest;
  };
}

/** What engine.io goes by: its own options; before there is an engine, those that it will be made with. */
function engineOptions(io: SocketIoServer): EngineOptions {
  const { engine, opts = {} } = io as {
    readonly engine?: { readonly opts?: EngineOptions };
    readonly opts?: EngineOptions;
  };
  return engine?.opts ?? opts;
}

/** The check of the app's own has a say, too. */
function guard(
  { mayConnect, log }: SocketIoParts,
  own: AllowRequest | undefined,
  isOver: () => boolean,
): AllowRequest {
  return (request, decide) => {
    if (!isOver() && !mayConnect(request.headers)) {
      log('warn', 'a page of a foreign origin was refused; is it missing in origins?');
      return decide('pages of this origin may not connect', false);
    }
    if (own) own(request, decide);
    else decide(null, true);
  };
}

function seatParts({
  life,
  addresses,
  addressOf,
  mayConnect,
  frameBytes,
  outboundBytes,
}: SocketIoParts): SeatParts {
  const address = ({ handshake }: SocketIoSocket): string | undefined =>
    addressOf(handshake.headers, handshake.address);
  return {
    frameBytes,
    heldBytes: 2 * outboundBytes,
    accept: life.accept,
    requestOf(socket) {
      const { url, headers } = socket.handshake;
      return { url, headers, remoteAddress: address(socket) };
    },
    turns(socket): Turned | undefined {
      if (life.isLeaving)
        return {
          code: closeCodes.shutdown,
          message: 'the server goes away',
          retryAfterMs: comeBackMs(),
        };
      // WebTransport has no request, so nobody could be asked where its page comes from.
      if (!(socket.conn as EngineConnection).request || !mayConnect(socket.handshake.headers))
        return {
          code: closeCodes.forbidden_origin,
          message: 'pages of this origin may not connect',
        };
      const excess = addresses.attempt(address(socket));
      if (!excess) return undefined;
      const { retryAfterMs } = excess;
      return {
        code: closeCodes.overloaded,
        message: 'too much comes from this address',
        retryAfterMs,
      };
    },
  };
}
