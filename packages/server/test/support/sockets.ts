/** A server on a loopback port, and clients on real WebSockets. */
import { createServer, type AnywireServer, type ServerOptions } from '../../src/index.ts';
import {
  createServer as createHttpServer,
  type Server,
  type ServerOptions as HttpOptions,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import type { BinaryCodec } from '@anywire/protocol';
import { TestClient } from './client.ts';

export type JoinOptions = ClientOptions & { nonce?: string; codec?: BinaryCodec | undefined };

export interface SocketServer {
  readonly server: AnywireServer;
  readonly http: Server;
  readonly port: number;
  readonly logs: string[];
  /** An open socket, and the client on it. */
  join(options?: JoinOptions): Promise<TestClient & { socket: WebSocket }>;
  connected(token?: string, codec?: BinaryCodec): Promise<TestClient & { socket: WebSocket }>;
  close(): Promise<void>;
}

/** Tokens are client ids, unless `authenticate` says otherwise. */
export async function socketServer(
  options: ServerOptions = {},
  httpOptions: HttpOptions = {},
): Promise<SocketServer> {
  const logs: string[] = [];
  const server = createServer({
    log: (level, text, details) => logs.push(`${level} ${text} ${JSON.stringify(details)}`),
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    ...options,
  });
  const http = createHttpServer(httpOptions);
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const join: SocketServer['join'] = (given) => openClient(`ws://127.0.0.1:${port}/anywire`, given);
  return {
    server,
    http,
    port,
    logs,
    join,
    async connected(token, codec) {
      const client = await join({ codec });
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
  { nonce, codec, ...options }: JoinOptions = {},
): Promise<TestClient & { socket: WebSocket }> {
  const offers = codec ? [codec.subprotocol, 'anywire.v1'] : ['anywire.v1'];
  const socket = new WebSocket(url, offers, { perMessageDeflate: false, ...options });
  const pipe = {
    write: (message: string | Uint8Array) => socket.send(message),
    end: () => socket.close(1000),
    cut: () => socket.terminate(),
  };
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const agreed = socket.protocol === codec?.subprotocol ? codec : undefined;
  const client = Object.assign(new TestClient(pipe, nonce, agreed), { socket });
  socket.on('message', (data: Buffer, isBinary) =>
    client.received(isBinary ? data : data.toString()),
  );
  socket.on('close', (code, reason) => client.wasClosed(code, reason.toString()));
  socket.on('error', () => {});
  return client;
}
