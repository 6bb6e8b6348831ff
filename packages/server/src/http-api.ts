/**
 * `POST {path}/publish`: for backends that are not the process of this server.
 *
 * JSON in, JSON out; every refusal is `{ error: { code, message } }` with a code of the catalogue.
 *
 * @see README.md#http-api · http-api.test.ts
 */
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';
import { isBase64 } from '@anywire/protocol';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from './log.ts';
import type { Published } from './publish.ts';

/** Room for the members beside `data`. */
const overheadBytes = 4_096;

export interface HttpApiParts {
  readonly serverKey: string | undefined;
  readonly payloadBytes: number;
  readonly log: Log;
  publish(channel: string, event: string, data: unknown, id?: string): Promise<Published>;
}

/** A refusal, before it is written. */
class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  constructor(status: number, code: ErrorCode, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Answers a request whose path begins with ours; `rest` is what follows. Never rejects. */
export async function answerHttp(
  parts: HttpApiParts,
  rest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (rest !== '/publish') throw new Refusal(404, 'invalid', 'there is nothing here');
    if (request.method !== 'POST') throw new Refusal(405, 'invalid', 'publish is a POST');
    checkKey(parts.serverKey, request.headers.authorization);
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== 'application/json')
      throw new Refusal(415, 'invalid', 'the body is application/json');
    // Base64 makes four of three.
    const body = await readBody(request, Math.ceil(parts.payloadBytes / 3) * 4 + overheadBytes);
    const { channel, event, data, id } = messageOf(body);
    const published = await parts.publish(channel, event, data, id);
    const { serial, timestamp } = published;
    reply(response, 200, { id: published.id, serial, timestamp });
  } catch (error) {
    const { status, code, message } = refusalOf(error, parts.log);
    // The rest of a body that nobody will read must not be taken for the next request.
    if (!request.complete) response.setHeader('Connection', 'close');
    reply(response, status, { error: { code, message } });
  }
}

// --- what may go wrong ---

/** Digests have one length, so that neither the key nor its length shows in the time. */
function checkKey(serverKey: string | undefined, authorization: string | undefined): void {
  if (serverKey === undefined)
    throw new Refusal(403, 'forbidden', 'this server was given no serverKey');
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined)
    throw new Refusal(401, 'auth_failed', 'send the key as Authorization: Bearer');
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(serverKey)))
    throw new Refusal(403, 'forbidden', 'this is not the key of this server');
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = new Refusal(
    413,
    'payload_too_large',
    `the body has more than ${maxBytes} bytes`,
  );
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

function messageOf(body: string): { channel: string; event: string; data: unknown; id?: string } {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'invalid', 'the body is not JSON');
  }
  if (typeof message !== 'object' || message === null || !('data' in message))
    throw new Refusal(400, 'invalid', 'the body is { channel, event, data, id?, encoding? }');
  const { channel, event, data, id, encoding } = message as Record<string, unknown>;
  if (typeof channel !== 'string' || typeof event !== 'string')
    throw new Refusal(400, 'invalid', '"channel" and "event" are texts');
  if (id !== undefined && typeof id !== 'string')
    throw new Refusal(400, 'invalid', '"id" is a text');
  return {
    channel,
    event,
    data: encoding === undefined ? data : bytesOf(data, encoding),
    ...(id === undefined ? {} : { id }),
  };
}

function bytesOf(data: unknown, encoding: unknown): Uint8Array {
  if (encoding !== 'base64') throw new Refusal(400, 'invalid', '"encoding" is "base64", or absent');
  if (!isBase64(data)) throw new Refusal(400, 'invalid', '"data" is not base64');
  return Buffer.from(data, 'base64');
}

/** What the publish itself refused. */
// prettier-ignore
const statuses: Partial<Record<ErrorCode, number>> = {
  invalid: 400, forbidden: 403, payload_too_large: 413, closed: 503,
};

function refusalOf(error: unknown, log: Log): Refusal {
  if (error instanceof Refusal) return error;
  if (RealtimeError.is(error)) {
    const message = error.message.replace(`[anywire:${error.code}] `, '');
    return new Refusal(statuses[error.code] ?? 500, error.code, message);
  }
  log('error', 'publish over HTTP failed', { error });
  return new Refusal(500, 'server_error', 'the server could not do this');
}

function reply(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
