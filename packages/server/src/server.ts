/**
 * `createServer`: puts the hub, an engine, the app's hooks and the transports together.
 *
 * @see README.md · hub.ts · DESIGN in docs/architecture.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { randomBytes } from 'node:crypto';
import { createAddresses } from './addresses.ts';
import { background } from './background.ts';
import { channelRules } from './channel-rules.ts';
import { clientAddressOf } from './client-address.ts';
import { systemClock } from './clock.ts';
import { createGate } from './gate.ts';
import { refuseUpgrade, retryAfterLine, shareServer, type HttpServer } from './host-server.ts';
import { answerApi } from './http-api.ts';
import { Hub } from './hub.ts';
import { Inlet } from './inlet.ts';
import { consoleLog } from './log.ts';
import { memory } from './memory.ts';
import { count, createMeter, kindOf, reading, type MeterReading } from './meter.ts';
import { nodeRequest, writeAnswer } from './node-http.ts';
import { defaultLimits, defaults, type Limits, type ServerOptions } from './options.ts';
import { originCheck } from './origin.ts';
import { publishFromBackend, type Published } from './publish.ts';
import { reauthorize, type Reauthorized, type ReauthorizeOptions } from './reauthorize.ts';
import type { Tally } from './tallies.ts';
import type { ConnectRequest, Transport, TransportEvents } from './transport.ts';
import { wsAcceptor } from './ws-transport.ts';

export interface AttachOptions {
  /** @default '/anywire' */
  readonly path?: string;
}

export interface CloseOptions {
  /** How long clients may take to answer; then their sockets are destroyed. @default 5_000 */
  readonly deadlineMs?: number;
}

export interface PublishOptions {
  /** Makes the publish idempotent: the same id in the same channel is stored once. @default a new one */
  readonly id?: string;
}

/** A self-hosted server. */
export interface AnywireServer {
  /** Takes WebSockets and the HTTP API under `path` of a server that stays the app's own. The returned function stops it. */
  attach(server: HttpServer, options?: AttachOptions): () => void;
  /** Takes a client over any pipe. For transports that are not built in. */
  accept(transport: Transport, request: ConnectRequest): TransportEvents;
  /** Publishes as the app itself: a JSON value, or a `Uint8Array`. @throws {RealtimeError} invalid, payload_too_large, closed, server_error */
  publish(
    channel: string,
    event: string,
    data: unknown,
    options?: PublishOptions,
  ): Promise<Published>;
  /**
   * Asks `authorize` again for what is attached, after permissions were taken back. Who is refused is detached with
   * `forbidden`; a member that may not be one any more leaves. Other processes have to be told, too.
   */
  reauthorize(which?: ReauthorizeOptions): Promise<Reauthorized>;
  /** What is held now, in this process. */
  stats(): { readonly connections: number; readonly channels: number };
  /** Everything that this process has counted since it began. @see `@anywire/server/prometheus` */
  meter(): MeterReading;
  /** Tells every client to come back elsewhere, and resolves when all are gone. Takes no new ones. */
  close(options?: CloseOptions): Promise<void>;
}

/** Creates a server. It listens to nothing until `attach`. @throws {RealtimeError} invalid, for an option that cannot be */
export function createServer(options: ServerOptions = {}): AnywireServer {
  const { clock = systemClock, log = consoleLog, engine = memory() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  const gate = createGate(options, clock, options.hookTimeoutMs ?? defaults.hookTimeoutMs, log);
  const addressOf = clientAddressOf(options.trustedProxies);
  const meter = createMeter();
  const addresses = createAddresses(limits, clock, meter, log);
  const hub = new Hub({
    engine,
    gate,
    hooks: options,
    limits,
    rules: channelRules(options.channels, options.history),
    heartbeatMs: options.heartbeatMs ?? defaults.heartbeatMs,
    presenceGraceMs: options.presenceGraceMs ?? defaults.presenceGraceMs,
    clock,
    log,
    meter,
  });
  const mayConnect = originCheck(options.origins);
  const webSockets = wsAcceptor(limits.frameBytes, options.codecs);
  const transports = new Map<Transport, Tally | undefined>();
  const stops = new Set<() => void>();
  const ownNonce = randomBytes(9).toString('base64url');
  let published = 0;
  let closing: Promise<void> | undefined;
  let onEmpty = (): void => {};
  background(log, 'open', () => engine.open(hub.channels.host()));
  // Receivers see it in every id of ours.
  background(log, 'claim', () => engine.claim(ownNonce, ['server']));

  function accept(transport: Transport, request: ConnectRequest): TransportEvents {
    const connection = hub.accept(transport, request);
    const address = addresses.enter(request.remoteAddress);
    transports.set(transport, address);
    count(meter.opened, kindOf(transport));
    count(meter.open, kindOf(transport));
    // Later: the transport does not know yet whom to tell.
    if (closing) setImmediate(() => hub.end(connection, 'shutdown', 'the server goes away'));
    else if (addresses.isOver(address))
      setImmediate(() =>
        hub.end(connection, 'overloaded', 'this address has too many connections'),
      );
    return new Inlet(hub, connection, onGone);
  }
  function onGone(transport: Transport): void {
    addresses.leave(transports.get(transport));
    if (transports.delete(transport)) count(meter.open, kindOf(transport), -1);
    if (transports.size === 0) onEmpty();
  }

  async function publish(
    channel: string,
    event: string,
    data: unknown,
    { id = `${ownNonce}:${++published}` }: PublishOptions = {},
  ): Promise<Published> {
    if (closing) throw new RealtimeError('closed', 'this server was closed');
    return publishFromBackend(hub, channel, event, data, id);
  }

  async function close(deadlineMs: number): Promise<void> {
    for (const stop of stops) stop();
    const gone = new Promise<void>((resolve) => (onEmpty = resolve));
    for (const connection of hub.connections) {
      const retryAfterMs = Math.floor(Math.random() * defaults.closeSpreadMs);
      hub.end(connection, 'shutdown', 'the server goes away', { retryAfterMs });
    }
    if (transports.size > 0) {
      const cancel = clock.schedule(
        () => transports.forEach((_, each) => each.destroy()),
        deadlineMs,
      );
      await gone;
      cancel();
    }
    hub.close();
    addresses.close();
    await engine.close();
  }

  return {
    attach(server, { path = '/anywire' } = {}) {
      if (closing) throw new RealtimeError('closed', 'this server was closed');
      const api = {
        serverKey: options.serverKey,
        payloadBytes: limits.payloadBytes,
        log,
        publish: (channel: string, event: string, data: unknown, id?: string) =>
          publish(channel, event, data, id === undefined ? {} : { id }),
      };
      const stop = shareServer(server, path.replace(/\/$/, ''), {
        request: (rest, request, response) =>
          void answerApi(api, nodeRequest(rest, request)).then((answer) =>
            writeAnswer(request, response, answer),
          ),
        upgrade(request, socket, head) {
          const address = addressOf(request.headers, request.socket.remoteAddress);
          const excess = addresses.attempt(address);
          if (excess) refuseUpgrade(socket, 429, 'Too Many Requests', retryAfterLine(excess));
          else if (!mayConnect(request.headers)) refuseUpgrade(socket, 403, 'Forbidden');
          else webSockets.upgrade(request, socket, head, address, accept);
        },
      });
      stops.add(stop);
      return () => {
        stop();
        stops.delete(stop);
      };
    },
    accept,
    publish,
    reauthorize: (which = {}) => reauthorize(hub, which),
    meter: () => reading(meter, hub, addresses),
    stats: () => ({ connections: transports.size, channels: hub.channels.size }),
    close: ({ deadlineMs = defaults.closeDeadlineMs } = {}) => (closing ??= close(deadlineMs)),
  };
}

/** @see docs/protocol.md#transport-messages for what every client may send */
function checkLimits({ frameBytes, payloadBytes, ...others }: Limits): void {
  const least = Math.max(65_536, Math.ceil(payloadBytes / 3) * 4 + 4_096);
  if (frameBytes < least)
    throw new RealtimeError('invalid', `limits.frameBytes must be ${least} or more`);
  for (const [name, value] of Object.entries(others))
    if (!(value > 0)) throw new RealtimeError('invalid', `limits.${name} must be more than 0`);
}
