/**
 * Everything of `anywire.v1` over HTTP: who may come from where, and which request is whose.
 *
 * @see docs/protocol.md#http · http-routes.ts for the table · sse-sessions.ts
 */
import type { Clock } from './clock.ts';
import { createComments } from './event-stream.ts';
import type { Identity } from './hooks.ts';
import type { HttpAnswer, HttpHeaders, HttpRequest } from './http-request.ts';
import { answerRoute, type Route } from './http-routes.ts';
import type { Inlet } from './inlet.ts';
import type { Log } from './log.ts';
import { poll } from './poll.ts';
import { read } from './read.ts';
import { sseSessions } from './sse-sessions.ts';
import type { Transport } from './transport.ts';

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

export function httpTransports(parts: HttpParts): HttpTransports {
  const comments = createComments(parts.clock);
  const sessions = sseSessions(parts, comments);
  const routes: readonly Route[] = [
    {
      path: /^\/sse$/,
      methods: {
        POST: (request) => sessions.open(request),
        GET: (request) => read(parts, comments, request),
      },
    },
    { path: /^\/poll$/, methods: { POST: (request) => poll(parts, request) } },
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
