/**
 * A real `socket.io` server with the plugin, and clients of it.
 */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRealtime, type Adapter, type RealtimeOptions, type Realtime } from '@anywire/core';
import { createServer, type AnywireServer, type ServerOptions } from '@anywire/server';
import { Server, type ServerOptions as IoOptions } from 'socket.io';

export interface Scene {
  readonly http: HttpServer;
  readonly io: Server;
  readonly server: AnywireServer;
  readonly url: string;
  client(adapter: Adapter, options?: Partial<RealtimeOptions>): Realtime;
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly io?: Partial<IoOptions>;
  readonly server?: ServerOptions;
  readonly namespace?: string;
  /** Before the plugin is attached. */
  prepare?(io: Server): void;
}

/** The token is the client id. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const http = createHttpServer();
  const io = new Server(http, options.io);
  options.prepare?.(io);
  const server = createServer({
    log: () => {},
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    authorize: () => true,
    ...options.server,
  });
  server.attach(http);
  const { namespace } = options;
  server.attachSocketIO(io, namespace === undefined ? {} : { namespace });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const clients = new Set<Realtime>();
  return {
    http,
    io,
    server,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    client(adapter, more = {}) {
      const realtime = createRealtime({
        adapter,
        reconnectMinMs: 20,
        reconnectMaxMs: 100,
        ...more,
      });
      clients.add(realtime);
      return realtime;
    },
    async close() {
      for (const realtime of clients) await realtime.close();
      await server.close({ deadlineMs: 0 });
      await io.close();
    },
  };
}
