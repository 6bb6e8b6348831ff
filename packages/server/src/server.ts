/**
 * `createServer`: puts the hub, an engine, the app's hooks and the transports together.
 *
 * @see README.md · hub.ts · DESIGN in docs/architecture.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { createBackend, type Backend } from './backend.ts';
import { background } from './background.ts';
import { channelRules } from './channel-rules.ts';
import { systemClock } from './clock.ts';
import { createGate } from './gate.ts';
import { refuseUpgrade, shareServer, type HttpServer } from './host-server.ts';
import { answerApi } from './http-api.ts';
import { Hub } from './hub.ts';
import { Inlet } from './inlet.ts';
import { consoleLog } from './log.ts';
import { memory } from './memory.ts';
import { nodeRequest, writeAnswer } from './node-http.ts';
import { defaultLimits, defaults, type Limits, type ServerOptions } from './options.ts';
import { originCheck } from './origin.ts';
import { serverKeys } from './server-keys.ts';
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

/** A self-hosted server. */
export interface AnywireServer extends Backend {
  /** Takes WebSockets and the HTTP API under `path` of a server that stays the app's own. The returned function stops it. */
  attach(server: HttpServer, options?: AttachOptions): () => void;
  /** Takes a client over any pipe. For transports that are not built in. */
  accept(transport: Transport, request: ConnectRequest): TransportEvents;
  /** What is held now, in this process. */
  stats(): { readonly connections: number; readonly channels: number };
  /** Tells every client to come back elsewhere, and resolves when all are gone. Takes no new ones. */
  close(options?: CloseOptions): Promise<void>;
}

/** Creates a server. It listens to nothing until `attach`. @throws {RealtimeError} invalid, for an option that cannot be */
export function createServer(options: ServerOptions = {}): AnywireServer {
  const { clock = systemClock, log = consoleLog, engine = memory() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  const gate = createGate(options, clock, options.hookTimeoutMs ?? defaults.hookTimeoutMs, log);
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
  });
  const mayConnect = originCheck(options.origins);
  const webSockets = wsAcceptor(limits.frameBytes, options.codecs);
  const transports = new Set<Transport>();
  const stops = new Set<() => void>();
  let closing: Promise<void> | undefined;
  let onEmpty = (): void => {};
  background(log, 'open', () => engine.open(hub.channels.host()));
  const backend = createBackend(hub, () => closing !== undefined);
  const api = { checkKey: serverKeys(options.serverKey), limits, log, backend };

  function accept(transport: Transport, request: ConnectRequest): TransportEvents {
    const connection = hub.accept(transport, request);
    transports.add(transport);
    // Later: the transport does not know yet whom to tell.
    if (closing) setImmediate(() => hub.end(connection, 'shutdown', 'the server goes away'));
    return new Inlet(hub, connection, onGone);
  }
  function onGone(transport: Transport): void {
    transports.delete(transport);
    if (transports.size === 0) onEmpty();
  }

  async function close(deadlineMs: number): Promise<void> {
    for (const stop of stops) stop();
    const gone = new Promise<void>((resolve) => (onEmpty = resolve));
    for (const connection of hub.connections) {
      const retryAfterMs = Math.floor(Math.random() * defaults.closeSpreadMs);
      hub.end(connection, 'shutdown', 'the server goes away', { retryAfterMs });
    }
    if (transports.size > 0) {
      const cancel = clock.schedule(() => transports.forEach((each) => each.destroy()), deadlineMs);
      await gone;
      cancel();
    }
    hub.close();
    await engine.close();
  }

  return {
    attach(server, { path = '/anywire' } = {}) {
      if (closing) throw new RealtimeError('closed', 'this server was closed');
      const stop = shareServer(server, path.replace(/\/$/, ''), {
        request: (rest, request, response) =>
          void answerApi(api, nodeRequest(rest, request)).then((answer) =>
            writeAnswer(request, response, answer),
          ),
        upgrade(request, socket, head) {
          if (mayConnect(request.headers)) webSockets.upgrade(request, socket, head, accept);
          else refuseUpgrade(socket, 403, 'Forbidden');
        },
      });
      stops.add(stop);
      return () => {
        stop();
        stops.delete(stop);
      };
    },
    ...backend,
    accept,
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
