/**
 * Everything of `anywire.v1` over HTTP: who may come from where, and which request is whose.
 *
 * @see docs/protocol.md#http · http-routes.ts for the table · sse-sessions.ts
 */
import type { Excess } from './addresses.ts';
import type { Clock } from './clock.ts';
import { createComments } from './event-stream.ts';
import type { Identity } from './hooks.ts';
import {
  Refusal,
  retryAfterHeader,
  type HttpAnswer,
  type HttpHeaders,
  type HttpRequest,
} from './http-request.ts';
import { answerRoute, type Route } from './http-routes.ts';
import type { Inlet } from './inlet.ts';
import type { Log } from './log.ts';
import { poll } from './poll.ts';
import { read } from './read.ts';
import { sseSessions } from './sse-sessions.ts';
import type { Transport } from './transport.ts';
import { welcome } from './welcome.ts';

/** What the server lends to its HTTP side. */
export interface HttpParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The longest wait of an exchange. */
  readonly heartbeatMs: number;
  /** The longest body. */
  readonly frameBytes: number;
  readonly origins: readonly string[] | '*' | undefined;
  /** Whether the page that sent these headers may connect. */
  mayConnect(headers: HttpHeaders): boolean;
  /** Takes no new ones. */
  isClosing(): boolean;
  /** Counts an attempt to connect; answers why it is one too many. */
  attempt(request: HttpRequest, share: number): Excess | undefined;
  accept(transport: Transport, request: HttpRequest): Inlet;
  /** Whose a token is. */
  authenticate(token: string): Promise<Identity>;
  /** Answers what is not in the table. Never rejects. */
  others(request: HttpRequest): Promise<HttpAnswer>;
}

export interface HttpTransports {
  /** Never rejects. */
  answer(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** Of an attempt to connect: a client that polls comes back for every message. */
const exchangeShare = 0.1;

/** @throws {Refusal} rate_limited, limit_exceeded */
function admit(parts: HttpParts, request: HttpRequest, share = 1): void {
  // Nothing is counted any more, and a timer for it would outlive the server; whoever takes the request refuses it.
  if (parts.isClosing()) return;
  const excess = parts.attempt(request, share);
  if (!excess) return;
  const code = excess.limit === 'addressRate' ? 'rate_limited' : 'limit_exceeded';
  const headers = retryAfterHeader(excess.retryAfterMs);
  throw new Refusal(429, code, 'too many connections from this address', headers);
}

export function httpTransports(parts: HttpParts): HttpTransports {
  const comments = createComments(parts.clock);
  const sessions = sseSessions(parts, comments);
  const routes: readonly Route[] = [
    { path: /^$/, methods: { GET: welcome, HEAD: welcome } },
    {
      path: /^\/sse$/,
      methods: {
        POST: (request) => {
          admit(parts, request);
          return sessions.open(request);
        },
        GET: (request) => {
          admit(parts, request);
          return read(parts, comments, request);
        },
      },
    },
    {
      path: /^\/poll$/,
      methods: {
        POST: (request) => {
          admit(parts, request, exchangeShare);
          return poll(parts, request);
        },
      },
    },
    {
      path: /^\/sse\/([\w-]{1,64})$/,
      methods: {
        POST: (request, session) => sessions.take(request, session),
        GET: (_, session) => sessions.stream(session),
      },
    },
  ];
  return {
    answer: (request) => answerRoute(parts, routes, request),
    close() {
      sessions.close();
      comments.close();
    },
  };
}
