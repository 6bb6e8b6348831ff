/** A server on a loopback port, and clients on real WebSockets. */
import { createServer, type AnywireServer, type ServerOptions } from '../../src/index.ts';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { TestClient } from './client.ts';

export interface SocketServer {
  readonly server: AnywireServer;
  readonly http: Server;
  readonly port: number;
  readonly logs: string[];
  /** An open socket, and the client on it. */
  join(options?: ClientOptions & { nonce?: string }): Promise<TestClient & { socket: WebSocket }>;
  connected(token?: string): Promise<TestClient & { socket: WebSocket }>;
  close(): Promise<void>;
}

/** Tokens are client ids, unless `authenticate` says otherwise. */
export async function socketServer(options: ServerOptions = {}): Promise<SocketServer> {
  const logs: string[] = [];
  const server = createServer({
    log: (level, text, details) => logs.push(`${level} ${text} ${JSON.stringify(details)}`),
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    ...options,
  });
  const http = createHttpServer();
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const join: SocketServer['join'] = ({ nonce, ...rest } = {}) =>
    openClient(`ws://127.0.0.1:${port}/anywire`, rest, nonce);
  return {
    server,
    http,
    port,
    logs,
    join,
    async connected(token) {
      const client = await join();
      await client.connect(token === undefined ? {} : { token, instance: `tab-of-${token}` });
      return client;
    },
    async close() {
      await server.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Resolves when the socket is open, rejects when the handshake fails. */
export async function openClient(
  url: string,
  options: ClientOptions = {},
  nonce?: string,
): Promise<TestClient & { socket: WebSocket }> {
  const socket = new WebSocket(url, 'anywire.v1', { perMessageDeflate: false, ...options });
  const pipe = {
    write: (text: string) => socket.send(text),
    end: () => socket.close(1000),
    cut: () => socket.terminate(),
  };
  const client = Object.assign(new TestClient(pipe, nonce), { socket });
  socket.on('message', (data: Buffer) => client.received(data.toString()));
  socket.on('close', (code, reason) => client.wasClosed(code, reason.toString()));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return client;
}
