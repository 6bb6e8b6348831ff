/** A port of this machine with WebSockets and HTTP beside each other, as the clients of managed services expect them. */
import { createServer, STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export interface ListenOptions {
  /** 0: any free one. @default 0 */
  readonly port?: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** Hears of what is wrong with requests. @default nobody */
  readonly log?: (text: string) => void;
}

export interface Listening {
  /** `http://127.0.0.1:7001` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends every connection, and the server. */
  close(): Promise<void>;
}

export interface Request {
  readonly method: string;
  /** The path with its query, as it was sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface Service {
  /** Refuses a handshake; undefined: it may go on. @default nobody is refused */
  refuse?(request: Omit<Request, 'body'>): Promise<Answer | undefined>;
  seat(socket: WebSocket, target: string): void;
  http(request: Request): Answer;
  /** Of a frame, and of a request. @default 1_048_576 */
  readonly maxBytes?: number;
  /** Says goodbye to all. */
  close(): void;
}

/** The largest frame, and the largest request, of most services. */
const defaultMaxBytes = 1_048_576;

/** @throws {Error} of `node:http`, such as EADDRINUSE */
export async function listen(
  service: Service,
  { port: asked = 0, host = '127.0.0.1', log = () => {} }: ListenOptions,
): Promise<Listening> {
  const { maxBytes = defaultMaxBytes } = service;
  const http = createServer((request, response) => {
    const { method = 'GET', url: target = '/', headers } = request;
    bodyOf(request, maxBytes)
      .then((body) => {
        if (!body) return response.writeHead(413, { connection: 'close' }).end('Too large\n');
        const answer = service.http({ method, target, headers, body });
        return response.writeHead(answer.status, answer.headers).end(answer.body);
      })
      .catch((error: unknown) => {
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
    const { method = 'GET', url: target = '/', headers } = request;
    const seat = (): void =>
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on('error', () => {}); // a client that breaks the rules of WebSockets; `close` follows
        service.seat(opened, target);
      });
    if (!service.refuse) return seat();
    socket.on('error', () => {}); // gone while it waits
    return void service.refuse({ method, target, headers }).then((answer) => {
      if (!answer) seat();
      else socket.end(written(answer));
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(asked, host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return {
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`,
    host: shown,
    port,
    close: () =>
      new Promise((resolve) => {
        service.close();
        for (const socket of sockets.clients) socket.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

/** Undefined: too large. */
async function bodyOf(
  request: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An answer to who wanted to upgrade. */
function written({ status, headers, body }: Answer): string {
  const fields = { ...headers, connection: 'close', 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  return [first, ...lines, '', String(body)].join('\r\n');
}
