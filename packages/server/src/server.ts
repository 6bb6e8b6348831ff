/**
 * `createServer`: puts the hub, an engine, the app's hooks and the transports together.
 *
 * @see README.md · hub.ts · DESIGN in docs/architecture.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { createAddresses } from './addresses.ts';
import { createBackend, type Backend } from './backend.ts';
import { background } from './background.ts';
import { channelRules } from './channel-rules.ts';
import { clientAddressOf } from './client-address.ts';
import { systemClock } from './clock.ts';
import type { Connection } from './connection.ts';
import { pause, tellInSlices, type CloseOptions } from './drain.ts';
import { watchEngine } from './engine-watch.ts';
import { fetchRequest, fetchResponse } from './fetch-http.ts';
import { createGate } from './gate.ts';
import { answerHealth, type Readiness } from './health.ts';
import {
  refuseUpgrade,
  restOf,
  retryAfterLine,
  shareServer,
  type HttpServer,
} from './host-server.ts';
import { answerApi } from './http-api.ts';
import { bearer, type HttpAnswer, type HttpRequest } from './http-request.ts';
import { httpTransports } from './http-transports.ts';
import { Hub } from './hub.ts';
import { Inlet } from './inlet.ts';
import { checkLimits, defaultLimits } from './limits.ts';
import { logOf } from './log.ts';
import { memory } from './memory.ts';
import { createMeter, reading, type MeterReading } from './meter.ts';
import { nodeRequest, writeAnswer } from './node-http.ts';
import { defaults, type ServerOptions } from './options.ts';
import { originCheck } from './origin.ts';
import { reauthorize, type Reauthorized, type ReauthorizeOptions } from './reauthorize.ts';
import { createRoster } from './roster.ts';
import { serverKeys } from './server-keys.ts';
import type { ConnectRequest, Transport, TransportEvents } from './transport.ts';
import { wsAcceptor } from './ws-transport.ts';

export interface AttachOptions {
  /** @default the option `path` of the server */
  readonly path?: string;
}

/** A self-hosted server. */
export interface AnywireServer extends Backend {
  /** Takes all that comes under `path` of a server that stays the app's own: WebSockets and HTTP. The returned function stops it. */
  attach(server: HttpServer, options?: AttachOptions): () => void;
  /** Answers a request under the option `path`: everything but WebSockets. Needs no `this`, and never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Takes a client over any pipe. For transports that are not built in. */
  accept(transport: Transport, request: ConnectRequest): TransportEvents;
  /**
   * Asks `authorize` again for what is attached, after permissions were taken back. Who is refused is detached with
   * `forbidden`; a member that may not be one any more leaves. Other processes have to be told, too.
   */
  reauthorize(which?: ReauthorizeOptions): Promise<Reauthorized>;
  /** What is held now, in this process. */
  stats(): { readonly connections: number; readonly channels: number };
  /** Everything that this process has counted since it began. @see `@anywire/server/prometheus` */
  meter(): MeterReading;
  /** Resolves when the engine has opened. @throws what the engine throws */
  ready(): Promise<void>;
  /** Drains: answers `readyz` with 503, tells every client to come back elsewhere, and resolves when all are gone. */
  close(options?: CloseOptions): Promise<void>;
}

/** Creates a server. It listens to nothing until `attach`. @throws {RealtimeError} invalid, for an option that cannot be */
export function createServer(options: ServerOptions = {}): AnywireServer {
  const { clock = systemClock } = options;
  const log = logOf(options.log);
  const watch = watchEngine(options.engine ?? memory(), clock);
  const { engine } = watch;
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
  const ownPath = trimmed(options.path ?? defaults.path);
  const mayConnect = originCheck(options.origins);
  const transports = createRoster(meter, addresses);
  const stops = new Set<() => void>();
  /** `draining`: as before, but not ready; `leaving`: clients are told, and none is taken. */
  let life: 'open' | 'draining' | 'leaving' | 'closed' = 'open';
  let closing: Promise<void> | undefined;
  let onEmpty = (): void => {};
  const opened = watch.open(hub.channels.host());
  background(log, 'open', () => opened);
  const backend = createBackend(hub, () => life === 'closed');
  const api = { checkKey: serverKeys(options.serverKey), limits, log, backend };

  function accept(transport: Transport, request: ConnectRequest): Inlet {
    const connection = hub.accept(transport, request);
    const isOver = transports.add(transport, request.remoteAddress) === 'too many';
    const says = 'this address has too many connections';
    // Later: the transport does not know yet whom to tell.
    if (isLeaving()) setImmediate(() => end(connection));
    else if (isOver) setImmediate(() => hub.end(connection, 'overloaded', says));
    return new Inlet(hub, connection, onGone);
  }
  function onGone(transport: Transport): void {
    transports.delete(transport);
    if (transports.size === 0) onEmpty();
  }

  const isLeaving = (): boolean => life === 'leaving' || life === 'closed';
  const readiness = (): Readiness => (life === 'open' ? watch.state() : 'draining');
  function end(connection: Connection): void {
    const retryAfterMs = Math.floor(Math.random() * defaults.closeSpreadMs);
    hub.end(connection, 'shutdown', 'the server goes away', { retryAfterMs });
  }
  const http = httpTransports({
    clock,
    log,
    frameBytes: limits.frameBytes,
    heartbeatMs: hub.parts.heartbeatMs,
    origins: options.origins,
    mayConnect,
    isClosing: isLeaving,
    attempt: (request, share) => addresses.attempt(request.remoteAddress, share),
    accept: (transport, request) => {
      const { url, headers, remoteAddress } = request;
      return accept(transport, { url, headers, remoteAddress, token: bearer(request) });
    },
    authenticate: async (token) => gate.authenticate({ token, request: undefined }),
    others: async (request) => answerHealth(readiness, request) ?? answerApi(api, request),
  });

  const answer = async (request: HttpRequest): Promise<HttpAnswer> => {
    const { headers, remoteAddress } = request;
    return http.answer({ ...request, remoteAddress: addressOf(headers, remoteAddress) });
  };

  async function close(how: CloseOptions): Promise<void> {
    const { drainDelayMs = 0, drainMs, deadlineMs = defaults.closeDeadlineMs } = how;
    life = 'draining';
    log('info', 'draining', { connections: transports.size });
    if (drainDelayMs > 0) await pause(clock, drainDelayMs);
    life = 'leaving';
    const gone = new Promise<void>((resolve) => (onEmpty = resolve));
    if (transports.size > 0) {
      const telling = tellInSlices([...hub.connections], end, clock, drainMs);
      await Promise.race([telling.told, gone]);
      telling.stop();
    }
    if (transports.size > 0) {
      const cancel = clock.schedule(() => transports.destroy(), deadlineMs);
      await gone;
      cancel();
    }
    life = 'closed';
    for (const stop of stops) stop();
    hub.close();
    http.close();
    addresses.close();
    await engine.close();
    log('info', 'closed');
  }

  return {
    attach(server, { path = ownPath } = {}) {
      if (life !== 'open') throw new RealtimeError('closed', 'this server was closed');
      // Here: a server that is only asked to `fetch` may run where there are no sockets.
      const webSockets = wsAcceptor(limits.frameBytes, options.codecs);
      const stop = shareServer(server, trimmed(path), {
        request: (rest, request, response) =>
          void answer(nodeRequest(rest, request, response)).then((given) =>
            writeAnswer(request, response, given),
          ),
        upgrade(request, socket, head) {
          const address = addressOf(request.headers, request.socket.remoteAddress);
          const excess = addresses.attempt(address);
          if (isLeaving()) refuseUpgrade(socket, 503, 'Service Unavailable');
          else if (excess) refuseUpgrade(socket, 429, 'Too Many Requests', retryAfterLine(excess));
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
    async fetch(request) {
      const url = new URL(request.url);
      const rest = restOf(ownPath, url.pathname);
      if (rest === undefined) return new Response(null, { status: 404 });
      return fetchResponse(request, await answer(fetchRequest(rest, url, request)));
    },
    ...backend,
    accept,
    reauthorize: (which = {}) => reauthorize(hub, which),
    meter: () => reading(meter, hub, addresses),
    stats: () => ({ connections: transports.size, channels: hub.channels.size }),
    ready: () => opened,
    close: (how = {}) => (closing ??= close(how)),
  };
}

const trimmed = (path: string): string => path.replace(/\/$/, '');
