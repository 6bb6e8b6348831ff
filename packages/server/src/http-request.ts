/**
 * An HTTP request and its answer, whichever server took it: what answers them knows neither Node's `http` nor `fetch`.
 *
 * @see node-http.ts for the binding to Node's server · fetch-http.ts for the one to `fetch`
 */
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';
import { errorText } from './error-text.ts';
import type { Log } from './log.ts';

/** Headers by their names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HttpRequest {
  readonly method: string;
  /** Path and query as they came. May hold secrets: never logged. */
  readonly url: string;
  /** What follows our path: '' or '/…', without the query. */
  readonly path: string;
  /** May hold secrets: never logged. */
  readonly query: URLSearchParams;
  readonly headers: HttpHeaders;
  readonly remoteAddress: string | undefined;
  /** The body. @throws {Refusal} payload_too_large */
  text(maxBytes: number): Promise<string>;
  /** Calls `fn` when the client goes away before it was answered. */
  onceGone(fn: () => void): void;
}

/** The body of an answer that goes on. */
export interface HttpStream {
  write(bytes: Buffer): void;
  /** Ends it after what was written. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
  /** Bytes written here that nobody has taken yet. */
  readonly bufferedBytes: number;
  /** Calls `fn` once, later, when what was written has gone. */
  onceDrained(fn: () => void): void;
}

/** Who writes a body that goes on. */
export interface HttpStreamer {
  /** The head is out. Not called where the client has gone before. */
  opened(stream: HttpStream): void;
  /** The stream is over, by whomever. Once, and last. */
  gone(): void;
}

export interface HttpAnswer {
  readonly status: number;
  /** @default none beside `Content-Length` and `Cache-Control: no-store` */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default '' */
  readonly body?: string;
  /** Writes the body, in place of `body`. */
  readonly streamer?: HttpStreamer;
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

/** Its client went in the middle of its body: nobody reads the answer, and it is no error of this server. */
export function bodyCutOff(): Refusal {
  return new Refusal(400, 'invalid', 'the body breaks off');
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

/** The token of `Authorization: Bearer`. */
export function bearer(request: Pick<HttpRequest, 'headers'>): string | undefined {
  return bearerIn(header(request, 'authorization'));
}

/** The token in the value of that header. */
export function bearerIn(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** When a client may come again: in whole seconds, as HTTP has them, and 1 at least. */
export function retryAfterHeader(ms: number): { readonly 'Retry-After': string } {
  return { 'Retry-After': String(Math.max(1, Math.ceil(ms / 1_000))) };
}

/** The media type of the body, without parameters, in lower case. */
export function mediaType(request: Pick<HttpRequest, 'headers'>): string | undefined {
  return header(request, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

/** A map: a hook of an app without types may throw a code such as 'constructor'. */
// prettier-ignore
const statuses: ReadonlyMap<string, number> = new Map<ErrorCode, number>([
  ['invalid', 400], ['limit_exceeded', 400], ['client_id_required', 400],
  ['auth_failed', 401], ['token_expired', 401],
  ['auth_denied', 403], ['forbidden', 403],
  ['unsupported', 404], ['history_expired', 410], ['payload_too_large', 413], ['rate_limited', 429], ['closed', 503],
]);

/** The status that tells of an error. */
export function statusOf(code: string): number {
  return statuses.get(code) ?? 500;
}

/** `{ error: { code, message } }` with the status that fits; what nobody expected is logged. */
export function refusedAnswer(error: unknown, log: Log): HttpAnswer {
  const { status, code, message, headers } = refusalOf(error, log);
  const answer = jsonAnswer(status, { error: { code, message } });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function refusalOf(error: unknown, log: Log): Refusal {
  if (error instanceof Refusal) return error;
  if (RealtimeError.is(error)) {
    return new Refusal(statusOf(error.code), error.code, errorText(error));
  }
  log('error', 'an HTTP request failed', { error });
  return new Refusal(500, 'server_error', 'the server could not do this');
}
