/**
 * Requests whose body is a transport message, and how a refused `connect` is answered: with a status, for proxies and logs,
 * and with the frames that say why, for the client.
 *
 * @see docs/protocol.md#http
 */
import { closeCodes, encodeFrame } from '@anywire/protocol';
import { comeBackMs } from './drain.ts';
import {
  mediaType,
  Refusal,
  retryAfterHeader,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
import type { HttpParts } from './http-transports.ts';

/** Frames, one a line. No page of another origin can send it without being allowed to by a preflight. */
export const framesType = 'application/x-ndjson';

/** The body. @throws {Refusal} invalid, payload_too_large */
export async function framesOf(
  { frameBytes }: Pick<HttpParts, 'frameBytes'>,
  request: HttpRequest,
): Promise<string> {
  if (mediaType(request) !== framesType)
    throw new Refusal(415, 'invalid', `the body is ${framesType}`);
  const body = await request.text(frameBytes);
  // Many writers end every line of such a body; frames are only separated.
  return body.endsWith('\n') ? body.slice(0, -1) : body;
}

/** The server goes away. */
export function closingAnswer(): HttpAnswer {
  const retryAfterMs = comeBackMs();
  const code = closeCodes.shutdown;
  const bye = encodeFrame({ t: 'bye', code, message: 'the server goes away', retryAfterMs });
  return refusedConnect(code, bye);
}

/** By close code; 503 for any other. */
const statuses: ReadonlyMap<number, number> = new Map([
  [closeCodes.token_expired, 401],
  [closeCodes.token_refused, 401],
  [closeCodes.no_connect, 401],
  [closeCodes.auth_denied, 403],
  [closeCodes.forbidden_origin, 403],
  [closeCodes.bad_frame, 400],
  [closeCodes.unexpected_frame, 400],
  [closeCodes.unknown_type, 400],
  [closeCodes.too_large, 413],
  [closeCodes.rate_exceeded, 429],
  // The client said `bye` in the same breath.
  [closeCodes.normal, 204],
]);

/** @param frames - `error` and `bye`, as far as there are any. */
export function refusedConnect(code: number, frames: string): HttpAnswer {
  const status = statuses.get(code) ?? 503;
  return {
    status,
    headers: {
      'Content-Type': framesType,
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...((status === 503 || status === 429) && retryAfterHeader(retryAfterIn(frames))),
    },
    body: frames,
  };
}

/** What the frames say of it, in ms. */
function retryAfterIn(frames: string): number {
  return Number(/"retryAfterMs":(\d+)/.exec(frames)?.[1] ?? 0);
}
