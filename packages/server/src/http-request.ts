/**
 * An HTTP request and its answer, whichever server took it: what answers them knows neither Node's `http` nor `fetch`.
 *
 * @see node-http.ts for the binding to Node's server
 */
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';
import { errorText } from './error-text.ts';
import type { Log } from './log.ts';

/** Headers by their names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HttpRequest {
  readonly method: string;
  /** What follows our path: '' or '/…', without the query. */
  readonly path: string;
  /** May hold secrets: never logged. */
  readonly query: URLSearchParams;
  readonly headers: HttpHeaders;
  readonly remoteAddress: string | undefined;
  /** The body. @throws {Refusal} payload_too_large */
  text(maxBytes: number): Promise<string>;
}

export interface HttpAnswer {
  readonly status: number;
  /** @default none beside `Content-Length` and `Cache-Control: no-store` */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default '' */
  readonly body?: string;
}

/** A refusal, before it is written. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** JSON, as an answer. */
export function jsonAnswer(status: number, body: unknown): HttpAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** The first value of a header. */
export function header(
  { headers }: Pick<HttpRequest, 'headers'>,
  name: string,
): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** The media type of the body, without parameters, in lower case. */
export function mediaType(request: Pick<HttpRequest, 'headers'>): string | undefined {
  return header(request, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

/** What else may be thrown while a request is answered. */
// prettier-ignore
const statuses: Partial<Record<ErrorCode, number>> = {
  invalid: 400, limit_exceeded: 400, forbidden: 403, unsupported: 404, history_expired: 410,
  payload_too_large: 413, rate_limited: 429, closed: 503,
};

/** `{ error: { code, message } }` with the status that fits; what nobody expected is logged. */
export function refusedAnswer(error: unknown, log: Log): HttpAnswer {
  const { status, code, message, headers } = refusalOf(error, log);
  const answer = jsonAnswer(status, { error: { code, message } });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function refusalOf(error: unknown, log: Log): Refusal {
  if (error instanceof Refusal) return error;
  if (RealtimeError.is(error)) {
    return new Refusal(statuses[error.code] ?? 500, error.code, errorText(error));
  }
  log('error', 'an HTTP request failed', { error });
  return new Refusal(500, 'server_error', 'the server could not do this');
}
