/**
 * `POST {path}/publish`: for backends that are not the process of this server.
 *
 * JSON in, JSON out; every refusal is `{ error: { code, message } }` with a code of the catalogue.
 *
 * @see README.md#http-api · http-api.test.ts
 */
import { isBase64 } from '@anywire/protocol';
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  header,
  jsonAnswer,
  mediaType,
  Refusal,
  refusedAnswer,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
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

/** Answers a request of a backend. Never rejects. */
export async function answerApi(parts: HttpApiParts, request: HttpRequest): Promise<HttpAnswer> {
  try {
    if (request.path !== '/publish') throw new Refusal(404, 'invalid', 'there is nothing here');
    if (request.method !== 'POST') throw new Refusal(405, 'invalid', 'publish is a POST');
    checkKey(parts.serverKey, header(request, 'authorization'));
    if (mediaType(request) !== 'application/json')
      throw new Refusal(415, 'invalid', 'the body is application/json');
    // Base64 makes four of three.
    const body = await request.text(Math.ceil(parts.payloadBytes / 3) * 4 + overheadBytes);
    const { channel, event, data, id } = messageOf(body);
    const published = await parts.publish(channel, event, data, id);
    const { serial, timestamp } = published;
    return jsonAnswer(200, { id: published.id, serial, timestamp });
  } catch (error) {
    return refusedAnswer(error, parts.log);
  }
}

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
