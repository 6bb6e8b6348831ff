/**
 * From a request to who answers it: path, method, and whether its page may ask at all.
 *
 * A browser sends cookies along with the requests of any page, so an Origin that is not allowed is refused whatever the
 * method, also where CORS alone would only hide the answer.
 *
 * @see docs/protocol.md#origins · http-routes.test.ts
 */
import {
  header,
  Refusal,
  refusedAnswer,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
import type { HttpParts } from './http-transports.ts';

export interface Route {
  readonly path: RegExp;
  /** By method. `part` is what the first group of `path` has matched. */
  readonly methods: Readonly<
    Record<string, (request: HttpRequest, part: string) => HttpAnswer | Promise<HttpAnswer>>
  >;
}

type Headers = Readonly<Record<string, string>>;

/** A day is more than browsers take: two hours is what most do. */
const maxAgeSeconds = 7_200;
const requestHeaders = 'authorization, content-type, last-event-id';

/** Never rejects. */
export async function answerRoute(
  parts: Pick<HttpParts, 'log' | 'origins' | 'mayConnect' | 'others'>,
  routes: readonly Route[],
  request: HttpRequest,
): Promise<HttpAnswer> {
  for (const route of routes) {
    const match = route.path.exec(request.path);
    if (!match) continue;
    if (!parts.mayConnect(request.headers)) return foreign(parts);
    const cors = corsHeaders(parts.origins, header(request, 'origin'));
    const answer = await answerAt(parts, route, match[1] ?? '', request);
    return { ...answer, headers: { ...answer.headers, ...cors } };
  }
  return parts.others(request);
}

async function answerAt(
  { log }: Pick<HttpParts, 'log'>,
  { methods }: Route,
  part: string,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const allow = Object.keys(methods).join(', ');
  if (request.method === 'OPTIONS') return { status: 204, headers: preflight(allow) };
  const handle = new Map(Object.entries(methods)).get(request.method);
  try {
    if (handle) return await handle(request, part);
    throw new Refusal(405, 'invalid', `the methods here are ${allow}`, { Allow: allow });
  } catch (error) {
    return refusedAnswer(error, log);
  }
}

// --- origins ---

function foreign({ log }: Pick<HttpParts, 'log'>): HttpAnswer {
  const message = 'pages of this origin may not connect';
  return refusedAnswer(new Refusal(403, 'forbidden', message, varies), log);
}

/** What lets a page of an allowed origin read the answer, and keeps caches from showing that answer to another page. */
function corsHeaders(origins: HttpParts['origins'], origin: string | undefined): Headers {
  const exposed = { 'Access-Control-Expose-Headers': 'Retry-After' };
  if (origins === '*')
    return origin === undefined ? {} : { 'Access-Control-Allow-Origin': '*', ...exposed };
  // Also where no page asks: a cache would show a page the answer without its origin.
  if (origin === undefined) return varies;
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    ...varies,
    ...exposed,
  };
}

const varies = { Vary: 'Origin' };

function preflight(allow: string): Headers {
  return {
    Allow: allow,
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': requestHeaders,
    'Access-Control-Max-Age': String(maxAgeSeconds),
  };
}
