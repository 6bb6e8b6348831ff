/**
 * An emulated Pusher without sockets: whoever has connections and requests hands them in, a server on this machine or what
 * intercepts the addresses of the vendor.
 *
 * @see server.ts · ../../SOURCE.md
 */
import { systemClock } from '../clock.ts';
import type { App, Faults } from './app.ts';
import { connect, close, ended, closeReasons, refusalOf } from './connect.ts';
import type { Connection, Pipe } from './connection.ts';
import { createControls, type PusherControls } from './controls.ts';
import { receive } from './frames.ts';
import { answerHttp } from './http.ts';
import type { HttpAnswer, HttpRequest } from './http-terms.ts';
import {
  defaultLimits,
  defaultTimes,
  randomSocketId,
  type PusherApp,
  type PusherOptions,
} from './options.ts';
import { createWebhooks } from './webhooks.ts';

/** Hands in what comes from one client. */
export interface ClientInlet {
  receive(text: string): void;
  /** The socket is closed, or gone. */
  closed(): void;
}

export interface PusherCore {
  /**
   * A client whose socket is open.
   *
   * @param target - The path with its query, such as `/app/KEY?protocol=7`.
   */
  open(pipe: Pipe, target: string, isSecure?: boolean): ClientInlet;
  http(request: HttpRequest): HttpAnswer;
  readonly controls: PusherControls;
  /** Closes every connection with 4200: clients come back at once. */
  close(): void;
}

const nobody: ClientInlet = { receive() {}, closed() {} };

export function createPusherCore(options: PusherOptions): PusherCore {
  const { socketId = randomSocketId, tlsOnly = false, log = () => {} } = options;
  const apps = options.apps.map((app) => createApp(app, options));
  const prefix = /^(?:\/[^?]*)?\/app\/([^/?]+)\/?$/;

  const refuse = (pipe: Pipe, code: number, reason = closeReasons.get(code) ?? ''): ClientInlet => {
    log(`connection refused: ${code} ${reason}`);
    pipe.close(code, reason);
    return nobody;
  };

  return {
    open(pipe, target, isSecure = false) {
      const [path = '', search = ''] = target.split(/\?(.*)/s);
      const [, key] = prefix.exec(path) ?? [];
      if (key === undefined) return refuse(pipe, 4005);
      const app = apps.find((one) => one.key === key);
      if (!app)
        return refuse(
          pipe,
          4001,
          `App key ${key} not in this cluster. Did you forget to specify the cluster?`,
        );
      if (tlsOnly && !isSecure) return refuse(pipe, 4000);
      const code = refusalOf(app, new URLSearchParams(search));
      if (code !== undefined) return refuse(pipe, code);
      const connection: Connection = connect(app, pipe, freshId(app, socketId));
      return {
        receive: (text) => receive(connection, text),
        closed: () => ended(connection),
      };
    },
    http: (request) => answerHttp(apps, request),
    controls: createControls(apps),
    close() {
      for (const app of apps) {
        for (const connection of [...app.connections.values()]) close(connection, 4200);
        app.webhooks.close();
      }
    },
  };
}

function freshId({ connections }: App, make: () => string): string {
  for (;;) {
    const id = make();
    if (!connections.has(id)) return id;
  }
}

function createApp(app: PusherApp, options: PusherOptions): App {
  const {
    clock = systemClock,
    log = () => {},
    fetch = globalThis.fetch,
    variant = 'pusher',
  } = options;
  const times = { ...defaultTimes, ...options.times };
  const faults: Faults = {
    refusals: { left: 0, code: 4100 },
    httpFailures: { left: 0, status: 500 },
    isHolding: false,
    memberRemovalMs: times.memberRemovalMs,
  };
  const {
    id,
    key,
    secret,
    clientEvents = true,
    subscriptionCounting = false,
    enabled = true,
  } = app;
  const { maxConnections = Infinity, authorizedConnections = false } = app;
  return {
    ...{
      id,
      key,
      secret,
      clientEvents,
      subscriptionCounting,
      enabled,
      maxConnections,
      authorizedConnections,
    },
    ...{ times, variant, clock, faults, log },
    limits: { ...defaultLimits, ...options.limits },
    connections: new Map(),
    channels: new Map(),
    users: new Map(),
    webhooks: createWebhooks(app, times, clock, fetch, log),
  };
}
