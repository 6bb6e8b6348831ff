/**
 * Requests of Node's `http` as {@link HttpRequest}s, and their answers, also those that go on.
 *
 * @see http-request.ts · host-server.ts, which finds the requests under our path
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  bodyCutOff,
  Refusal,
  type HttpAnswer,
  type HttpRequest,
  type HttpStream,
  type HttpStreamer,
} from './http-request.ts';

/** @param path - What follows our path in its URL. */
export function nodeRequest(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): HttpRequest {
  const { method = 'GET', url = '', headers, socket } = request;
  const at = url.indexOf('?');
  return {
    method,
    url,
    path,
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers,
    remoteAddress: socket.remoteAddress,
    text: (maxBytes) => readBody(request, maxBytes),
    onceGone: (fn) =>
      void response.once('close', () => {
        if (!response.writableEnded) fn();
      }),
  };
}

/** Writes an answer, unless there is one or the client has gone. */
export function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = '', streamer }: HttpAnswer,
): void {
  if (response.headersSent || response.destroyed) return streamer?.gone();
  // The rest of a body that nobody will read must not be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  if (streamer) {
    response.writeHead(status, headers);
    streamer.opened(new NodeStream(request, response, streamer));
    return;
  }
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(body) }),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const says = `the body has more than ${maxBytes} bytes`;
  const tooLarge = new Refusal(413, 'payload_too_large', says);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  let chunks: Buffer[] = [];
  let bytes = 0;
  // Not `for await`: leaving it would destroy the socket before the answer is out.
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        request.pause();
        reject(tooLarge);
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      resolve(Buffer.concat(chunks).toString());
      // The request lives as long as the stream that answers it, and would keep them.
      chunks = [];
    });
    request.on('error', () => reject(bodyCutOff()));
  });
}

// --- bodies that go on ---

/** How long a client may take to read the end of its stream. */
const endWithinMs = 5_000;

const streamOf = Symbol('stream');
type Ours = ServerResponse & { [streamOf]?: NodeStream };

class NodeStream implements HttpStream {
  readonly streamer: HttpStreamer;
  private readonly response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse, streamer: HttpStreamer) {
    this.streamer = streamer;
    this.response = response;
    (response as Ours)[streamOf] = this;
    response.on('close', onClose);
    response.on('error', onError);
    // Else Nagle's algorithm holds back small events, and a time-out that is right for requests ends quiet streams.
    request.socket.setNoDelay(true);
    request.socket.setTimeout(0);
    // Proxies and clients wait for the head.
    response.flushHeaders();
  }

  write(bytes: Buffer): void {
    const { response } = this;
    // A chunk without bytes would be the end of the body.
    if (bytes.length === 0 || response.destroyed || response.writableEnded) return;
    const { socket } = response;
    // The response itself would write three pieces for each receiver. Until it has its socket, it keeps the order.
    if (response.chunkedEncoding && socket?.writable) socket.write(chunkOf(bytes));
    else response.write(bytes);
  }

  end(): void {
    const { response } = this;
    response.end();
    // Who does not read would keep what it was told last for as long as it likes.
    if (response.writableLength > 0) response.setTimeout(endWithinMs, () => response.destroy());
  }

  destroy(): void {
    this.response.destroy();
  }

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  onceDrained(fn: () => void): void {
    const { response } = this;
    const writer = [response, response.socket].find((each) => each?.writableNeedDrain);
    if (writer) writer.once('drain', fn);
    else setImmediate(fn);
  }
}

let lastBytes: Buffer | undefined;
let lastChunk = Buffer.alloc(0);

/** As a chunk of a body (RFC 9112 section 7.1); the same buffer for the next receiver of the same bytes. */
function chunkOf(bytes: Buffer): Buffer {
  if (bytes !== lastBytes) {
    const [head, end] = [`${bytes.length.toString(16)}\r\n`, '\r\n'];
    lastChunk = Buffer.concat([Buffer.from(head), bytes, Buffer.from(end)]);
    lastBytes = bytes;
  }
  return lastChunk;
}

// Shared by all streams: a closure each would be memory for every idle client.

function onClose(this: Ours): void {
  this[streamOf]?.streamer.gone();
}

/** A `close` follows. */
function onError(): void {}
