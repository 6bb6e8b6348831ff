/**
 * `createServer`: puts the hub, an engine, the app's hooks and the transports together.
 *
 * @see README.md · hub.ts · life.ts · server-http.ts · server-hosts.ts · DESIGN in docs/architecture.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { createAddresses } from './addresses.ts';
import { createBackend, type Backend } from './backend.ts';
import { background } from './background.ts';
import { channelRules } from './channel-rules.ts';
import { clientAddressOf } from './client-address.ts';
import { systemClock, type Clock } from './clock.ts';
import type { CloseOptions } from './drain.ts';
import { watchEngine } from './engine-watch.ts';
import { fetchRequest, fetchResponse } from './fetch-http.ts';
import { createGate } from './gate.ts';
import { restOf, type HttpServer } from './host-server.ts';
import { Hub, type HubParts } from './hub.ts';
import { createLife } from './life.ts';
import { checkLimits, defaultLimits } from './limits.ts';
import { logOf } from './log.ts';
import { memory } from './memory.ts';
import { createMeter, reading, type MeterReading } from './meter.ts';
import { defaults, type ServerOptions } from './options.ts';
import { originCheck } from './origin.ts';
import { reauthorize, type Reauthorized, type ReauthorizeOptions } from './reauthorize.ts';
import { createRoster } from './roster.ts';
import { createHosts } from './server-hosts.ts';
import { serverHttp } from './server-http.ts';
import { socketIoHosts, type SocketIoAttachOptions } from './socketio.ts';
import type { SocketIoServer } from './socketio-types.ts';
import type { ConnectRequest, Transport, TransportEvents } from './transport.ts';

export interface AttachOptions {
  /** @default the option `path` of the server */
  readonly path?: string;
}

/** A self-hosted server. */
export interface AnywireServer extends Backend {
  /** Takes all that comes under `path` of a server that stays the app's own: WebSockets and HTTP. The returned function stops it. */
  attach(server: HttpServer, options?: AttachOptions): () => void;
  /**
   * Takes clients of the app's own `socket.io` server, which stays the app's. The returned function stops it. Its
   * `allowRequest` refuses foreign origins from now on, as `origins` says.
   *
   * @throws {RealtimeError} invalid, where its `maxHttpBufferSize` is too small; closed
   */
  attachSocketIO(io: SocketIoServer, options?: SocketIoAttachOptions): () => void;
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
  const watch = watchEngine(options.engine ?? memory(), clock);
  const hub = new Hub(hubParts(options, watch.engine, clock));
  const { limits, log, meter } = hub.parts;
  // Before anybody who may ask something of it.
  const opened = watch.open(hub.channels.host());
  background(log, 'open', () => opened);
  const addresses = createAddresses(limits, clock, meter, log);
  const addressOf = clientAddressOf(options.trustedProxies);
  const mayConnect = originCheck(options.origins);
  const ownPath = trimmed(options.path ?? defaults.path);
  const roster = createRoster(meter, addresses);
  const life = createLife({ hub, roster, clock, log, engineState: watch.state, release });
  const backend = createBackend(hub, () => life.stage === 'closed');
  const http = serverHttp({ options, hub, life, backend, addresses, addressOf, mayConnect });
  const { frameBytes, outboundBytes } = limits;
  const { codecs } = options;
  const hosts = createHosts({ life, http, addresses, addressOf, mayConnect, frameBytes, codecs });
  const access = { life, addresses, addressOf, mayConnect };
  const sockets = socketIoHosts({ ...access, frameBytes, outboundBytes, log });

  async function release(): Promise<void> {
    hosts.close();
    sockets.close();
    hub.close();
    http.close();
    addresses.close();
    await watch.engine.close();
  }

  return {
    attach(server, { path = ownPath } = {}) {
      if (life.stage !== 'open') throw new RealtimeError('closed', 'this server was closed');
      return hosts.add(server, trimmed(path));
    },
    attachSocketIO(io, options) {
      if (life.stage !== 'open') throw new RealtimeError('closed', 'this server was closed');
      return sockets.add(io, options);
    },
    async fetch(request) {
      const url = new URL(request.url);
      const rest = restOf(ownPath, url.pathname);
      if (rest === undefined) return new Response(null, { status: 404 });
      return fetchResponse(request, await http.answer(fetchRequest(rest, url, request)));
    },
    ...backend,
    accept: life.accept,
    reauthorize: (which = {}) => reauthorize(hub, which),
    meter: () => reading(meter, hub, addresses),
    stats: () => ({ connections: roster.size, channels: hub.channels.size }),
    ready: () => opened,
    close: (how = {}) => life.close(how),
  };
}

/** What the options say of the hub. @throws {RealtimeError} invalid */
function hubParts(options: ServerOptions, engine: HubParts['engine'], clock: Clock): HubParts {
  const log = logOf(options.log);
  const limits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  return {
    engine,
    gate: createGate(options, clock, options.hookTimeoutMs ?? defaults.hookTimeoutMs, log),
    hooks: options,
    limits,
    rules: channelRules(options.channels, options.history),
    heartbeatMs: options.heartbeatMs ?? defaults.heartbeatMs,
    presenceGraceMs: options.presenceGraceMs ?? defaults.presenceGraceMs,
    clock,
    log,
    meter: createMeter(),
  };
}

const trimmed = (path: string): string => path.replace(/\/$/, '');
