/**
 * `GET /sse?channel=…`: a stream that only listens, for any `EventSource`.
 *
 * @see docs/protocol.md#streams-for-readers · reader-transport.ts · read.test.ts
 */
import { encodeFrame } from '@anywire/protocol';
import { randomBytes } from 'node:crypto';
import { streamHeaders, type Comments } from './event-stream.ts';
import {
  header,
  Refusal,
  refusedAnswer,
  retryAfterHeader,
  statusOf,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
import type { HttpParts } from './http-transports.ts';
import { ReaderTransport, type Denial } from './reader-transport.ts';

/** Each has a place in the id of every event, which comes back as one header. */
const maxChannels = 20;

export async function read(
  parts: HttpParts,
  comments: Comments,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const channels = [...new Set(request.query.getAll('channel'))];
  const rewind = rewindOf(request);
  if (channels.length === 0) throw new Refusal(400, 'invalid', 'name a "channel"');
  if (channels.length > maxChannels)
    throw new Refusal(400, 'limit_exceeded', `a stream has at most ${maxChannels} channels`);
  if (parts.isClosing())
    return denied({ code: 'closed', message: 'the server goes away' }, parts.log);

  const positions = positionsOf(request, channels.length);
  const transport = new ReaderTransport(comments, channels, positions);
  transport.inlet = parts.accept(transport, request);
  const attaches = channels.map((c, at) => {
    const cursor = decoded(positions[at] ?? '');
    return encodeFrame({ t: 'attach', r: at + 1, c, ...(cursor ? { cursor } : { rewind }) });
  });
  const outcome = await transport.begin([connectFrame(), ...attaches].join('\n'));
  if (outcome === 'taken') {
    transport.inlet.expectSilence();
    return { status: 200, headers: streamHeaders, streamer: transport };
  }
  transport.destroy();
  return denied(transport.denial ?? { code: 'closed', message: 'the stream was ended' }, parts.log);
}

/** It publishes nothing, so its nonce is nobody's. */
const connectFrame = (): string =>
  encodeFrame({
    t: 'connect',
    r: 0,
    nonce: randomBytes(9).toString('base64url'),
    instance: 'reader',
  });

function denied({ code, message, retryAfterMs = 0 }: Denial, log: HttpParts['log']): HttpAnswer {
  // Too much for now is not too much for ever.
  const status = code === 'limit_exceeded' && retryAfterMs > 0 ? 503 : statusOf(code);
  const headers = {
    ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
    ...((status === 503 || status === 429) && retryAfterHeader(retryAfterMs)),
  };
  return refusedAnswer(new Refusal(status, code as Refusal['code'], message, headers), log);
}

/** @throws {Refusal} invalid */
function rewindOf({ query }: HttpRequest): number {
  const text = query.get('rewind') ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, 'invalid', '"rewind" is a whole number');
  return Number(text);
}

/** Where the reader was in each channel, as it came; '' where it had not begun. */
function positionsOf(request: HttpRequest, count: number): readonly string[] {
  const id = header(request, 'last-event-id') ?? '';
  if (id === '') return [];
  const positions = id.split(',');
  // Not of this URL: each channel tells that something may be missing.
  return positions.length === count ? positions : Array<string>(count).fill('unknown');
}

/** What cannot be read is no cursor of ours, and the answer will say so. */
function decoded(position: string): string {
  try {
    return decodeURIComponent(position);
  } catch {
    return position;
  }
}
