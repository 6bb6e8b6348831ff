/**
 * Requests of Node's `http` as {@link HttpRequest}s, and their answers.
 *
 * @see http-request.ts · host-server.ts, which finds the requests under our path
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal, type HttpAnswer, type HttpRequest } from './http-request.ts';

/** @param path - What follows our path in its URL. */
export function nodeRequest(path: string, request: IncomingMessage): HttpRequest {
  const { method = 'GET', url = '', headers, socket } = request;
  const at = url.indexOf('?');
  return {
    method,
    path,
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers,
    remoteAddress: socket.remoteAddress,
    text: (maxBytes) => readBody(request, maxBytes),
  };
}

/** Writes an answer, unless there is one or the client has gone. */
export function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = '' }: HttpAnswer,
): void {
  if (response.headersSent || response.destroyed) return;
  // The rest of a body that nobody will read must not be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  response.writeHead(status, {
    ...headers,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const says = `the body has more than ${maxBytes} bytes`;
  const tooLarge = new Refusal(413, 'payload_too_large', says);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
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
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}
