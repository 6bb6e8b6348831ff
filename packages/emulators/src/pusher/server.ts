/**
 * An emulated Pusher on a port of this machine: WebSockets and the HTTP API beside each other, as clients expect them.
 *
 * @see core.ts, which decides everything · README.md
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { PusherControls } from './controls.ts';
import { createPusherCore, type PusherCore } from './core.ts';
import type { PusherOptions } from './options.ts';

export interface PusherServerOptions extends PusherOptions {
  /** 0: any free one. @default 0 */
  readonly port?: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

export interface PusherServer extends PusherControls {
  /** `http://127.0.0.1:7001` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends every connection, and the server. */
  close(): Promise<void>;
}

/** The largest frame, and the largest request. */
const maxBytes = 1_048_576;

/**
 * Starts it; answers when it listens.
 *
 * @throws {Error} of `node:http`, such as EADDRINUSE
 */
export async function startPusher(options: PusherServerOptions): Promise<PusherServer> {
  const { port: asked = 0, host = '127.0.0.1', log = () => {} } = options;
  const core = createPusherCore(options);
  const http = createServer((request, response) => {
    void answer(core, request, response).catch((error: unknown) => {
      log(`request failed: ${String(error)}`);
      response.destroy();
    });
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBytes,
    perMessageDeflate: false,
  });
  http.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (opened) =>
      seat(core, opened, request.url ?? '/'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(asked, host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return {
    ...core.controls,
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`,
    host: shown,
    port,
    close: () =>
      new Promise((resolve) => {
        core.close();
        for (const socket of sockets.clients) socket.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

function seat(core: PusherCore, socket: WebSocket, target: string): void {
  const inlet = core.open(
    {
      send: (text) => socket.send(text),
      close(code, reason) {
        if (code === 1006) socket.terminate();
        else socket.close(code, reason);
      },
      get unsentBytes() {
        return socket.bufferedAmount;
      },
    },
    target,
  );
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) inlet.receive(data.toString());
  });
  socket.on('error', () => {}); // a client that breaks the rules of WebSockets; `close` follows
  socket.on('close', () => inlet.closed());
}

async function answer(
  core: PusherCore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      response.writeHead(413, { connection: 'close' }).end('Request too large\n');
      return;
    }
    chunks.push(chunk);
  }
  const { method = 'GET', url: target = '/' } = request;
  const { status, headers, body } = core.http({ method, target, body: Buffer.concat(chunks) });
  response.writeHead(status, headers).end(body);
}
