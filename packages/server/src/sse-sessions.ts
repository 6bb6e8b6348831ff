/**
 * Event streams of our own clients: opened by a POST that begins with `connect`, spoken to by POSTs that name the session.
 *
 * An `EventSource` can send neither headers nor a body: for one, the POST is answered with the session alone, and its stream is
 * opened by a GET, once.
 *
 * @see docs/protocol.md#event-streams · sse-transport.ts · token-check.ts · sse-sessions.test.ts
 */
import { randomBytes } from 'node:crypto';
import { streamHeaders, type Comments } from './event-stream.ts';
import { delayQueue, type DelayQueue } from './deadlines.ts';
import { closingAnswer, framesOf, refusedConnect } from './frame-request.ts';
import type { Client } from './hooks.ts';
import {
  bearer,
  header,
  jsonAnswer,
  Refusal,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
import type { HttpParts } from './http-transports.ts';
import { SseTransport } from './sse-transport.ts';
import { TokenCheck, tokenIn } from './token-check.ts';

/** How long a session waits for the GET that opens its stream. */
const openWithinMs = 10_000;

export interface SseSessions {
  /** `POST /sse` */
  open(request: HttpRequest): Promise<HttpAnswer>;
  /** `POST /sse/<session>` */
  take(request: HttpRequest, session: string): Promise<HttpAnswer>;
  /** `GET /sse/<session>` */
  stream(session: string): HttpAnswer;
  /** Sessions that are held. */
  readonly size: number;
  close(): void;
}

export function sseSessions(parts: HttpParts, comments: Comments): SseSessions {
  const sessions = new Map<string, SseTransport>();
  const unopened: DelayQueue<SseTransport> = delayQueue(parts.clock, openWithinMs, (transport) => {
    if (!transport.isAwaited) transport.destroy();
  });

  async function open(request: HttpRequest): Promise<HttpAnswer> {
    const frames = await framesOf(parts, request);
    if (parts.isClosing()) return closingAnswer();
    const session = randomBytes(18).toString('base64url');
    const tokens = new TokenCheck(tokenIn(frames, 'connect') ?? bearer(request));
    const transport = new SseTransport(session, tokens, sessions, comments);
    transport.inlet = parts.accept(transport, request);
    const outcome = await transport.begin(frames);
    if (outcome !== 'taken') return refusedConnect(outcome.code, transport.takeHeld());
    // Whoever was taken may have been ended in the same moment.
    if (!transport.hasEnded) sessions.set(session, transport);
    if (header(request, 'accept')?.includes('application/json')) {
      unopened.add(transport);
      return jsonAnswer(201, { session });
    }
    transport.isAwaited = true;
    return { status: 200, headers: streamHeaders, streamer: transport };
  }

  async function take(request: HttpRequest, session: string): Promise<HttpAnswer> {
    const transport = sessions.get(session);
    if (!transport) throw over();
    let frames: string;
    try {
      frames = await framesOf(parts, request);
    } catch (error) {
      const isTooLong = error instanceof Refusal && error.status === 413;
      // What was in it is lost, and nothing that comes after may pass for complete. By whoever else it would be an attack.
      if (isTooLong && transport.tokens.check(bearer(request), undefined) === 'accepted')
        transport.inlet.end('too_large', error.message);
      throw error;
    }
    await checkToken(transport, request, frames);
    if (transport.hasEnded) throw over();
    transport.inlet.received(frames);
    await transport.readable();
    return { status: 204 };
  }

  /** @throws {Refusal} forbidden */
  async function checkToken(
    { tokens, inlet }: SseTransport,
    request: HttpRequest,
    frames: string,
  ): Promise<void> {
    const given = bearer(request);
    const renewed = tokenIn(frames, 'token');
    const is = tokens.check(given, renewed);
    if (is === 'offered' && given !== undefined && (await isOf(inlet.client, given)))
      tokens.accept(given);
    else if (is !== 'accepted')
      throw new Refusal(403, 'forbidden', 'this is not the token of this session');
    if (renewed !== undefined) tokens.offer(renewed);
  }

  async function isOf(client: Client | undefined, token: string): Promise<boolean> {
    try {
      const identity = await parts.authenticate(token);
      return identity.clientId === client?.clientId;
    } catch {
      return false;
    }
  }

  return {
    open,
    take,
    stream(session) {
      const transport = sessions.get(session);
      // The only answer that makes an EventSource stop.
      if (!transport || transport.isAwaited) return { status: 204 };
      transport.isAwaited = true;
      return { status: 200, headers: streamHeaders, streamer: transport };
    },
    get size() {
      return sessions.size;
    },
    close: () => unopened.close(),
  };
}

const over = (): Refusal => new Refusal(404, 'closed', 'this session is over, or never was');
