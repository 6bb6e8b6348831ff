/** A real HTTP server that answers as a test says, request by request. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The lines of the body. */
  readonly frames: unknown[];
  /** Resolves when the client has gone, or the answer has. */
  readonly closed: Promise<unknown>;
  /** Answers with frames. */
  frames200(...frames: object[]): void;
  answer(status: number, headers?: Record<string, string>, body?: string): void;
  /** Begins an event stream. */
  stream(session?: string): EventStream;
}

export interface EventStream {
  /** One event for all frames. */
  send(...frames: object[]): void;
  write(text: string): void;
  end(): void;
  /** Breaks it off. */
  cut(): void;
  readonly closed: Promise<unknown>;
}

export interface ScriptServer {
  readonly url: string;
  /** The next request that nobody has taken. */
  next(): Promise<Asked>;
  /** Requests that nobody has taken. */
  readonly unread: number;
  close(): Promise<void>;
}

export const ndjson = (...frames: object[]): string =>
  frames.map((frame) => JSON.stringify(frame)).join('\n');

export async function startScriptServer(): Promise<ScriptServer> {
  const asked: Asked[] = [];
  const takers: ((one: Asked) => void)[] = [];
  const server = createServer((request, response) => {
    void read(request, response).then((one) => {
      const taker = takers.shift();
      if (taker) taker(one);
      else asked.push(one);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/anywire`,
    next() {
      const one = asked.shift();
      return one ? Promise.resolve(one) : new Promise((resolve) => takers.push(resolve));
    },
    get unread() {
      return asked.length;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage, response: ServerResponse): Promise<Asked> {
  const closed = once(response, 'close');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const { method = '', url = '', headers } = request;
  const frames = body ? body.split('\n').map((line) => JSON.parse(line) as unknown) : [];
  const answer: Asked['answer'] = (status, more = {}, text = '') =>
    void response.writeHead(status, more).end(text);
  return {
    ...{ method, path: url, headers, body, frames, closed, answer },
    frames200: (...given) =>
      answer(200, { 'content-type': 'application/x-ndjson' }, ndjson(...given)),
    stream(session = 's1') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: session\ndata: ${session}\n\n`);
      const write = (text: string): void => void response.write(text);
      return {
        ...{ write, closed },
        send: (...given) =>
          write(`${given.map((frame) => `data: ${JSON.stringify(frame)}\n`).join('')}\n`),
        end: () => void response.end(),
        cut: () => void response.destroy(),
      };
    },
  };
}
