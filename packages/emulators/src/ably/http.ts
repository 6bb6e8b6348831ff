/**
 * The REST API, as a function from a request to an answer: who asks, in which format, then a table of routes.
 *
 * @see SOURCE.md#ably-rest · http-messages.ts · http-presence.ts · http-keys.ts · http-apps.ts
 */
import type { Answer, Request } from '../listen.ts';
import type { World } from './app.ts';
import { authenticate, may, type Grant } from './auth.ts';
import type { Operation } from './capability.ts';
import { decodeBody, encodeBody, type Format } from './codec.ts';
import { AblyError, asAblyError, errorInfo } from './errors.ts';
import { addStats, createTestApp, readStats, removeApp } from './http-apps.ts';
import { requestToken, revokeTokens } from './http-keys.ts';
import {
  changeMessage,
  history,
  publishBatch,
  publishOver,
  readMessage,
  readVersions,
} from './http-messages.ts';
import { membersOver, presenceHistory, readChannel } from './http-presence.ts';
import type { Paged } from './paging.ts';

export interface Call {
  readonly world: World;
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly format: Format;
  /** The parts of the path that the route leaves open, decoded. */
  readonly names: readonly string[];
  /** Read when it is asked for. @throws {AblyError} 40000 */
  body(): unknown;
  /** Who asks. @throws {AblyError} 40101 and others */
  grant(): Grant;
  /** Who asks, if that may be done there. @throws {AblyError} 40160 */
  allowed(channel: string, operation: Operation): Grant;
}

export interface Result {
  /** @default 200 */
  readonly status?: number;
  readonly body: unknown;
  readonly links?: Paged['links'];
}

type Route = readonly [method: string, path: RegExp, run: (call: Call) => Result];

const routes: readonly Route[] = [
  ['GET', /^\/$/, () => ({ body: { service: 'an emulated Ably, for development and tests' } })],
  ['GET', /^\/time$/, ({ world }) => ({ body: [world.clock.now()] })],
  ['POST', /^\/keys\/([^/]+)\/requestToken$/, requestToken],
  ['POST', /^\/keys\/([^/]+)\/revokeTokens$/, revokeTokens],
  ['POST', /^\/channels\/([^/]+)\/(?:messages|publish)$/, publishOver],
  ['GET', /^\/channels\/([^/]+)\/(?:messages|history)$/, history],
  ['GET', /^\/channels\/([^/]+)\/messages\/([^/]+)$/, readMessage],
  ['GET', /^\/channels\/([^/]+)\/messages\/([^/]+)\/versions$/, readVersions],
  ['PATCH', /^\/channels\/([^/]+)\/messages\/([^/]+)$/, changeMessage],
  ['GET', /^\/channels\/([^/]+)\/presence$/, membersOver],
  ['GET', /^\/channels\/([^/]+)\/presence\/history$/, presenceHistory],
  ['GET', /^\/channels\/([^/]+)$/, readChannel],
  ['POST', /^\/messages$/, publishBatch],
  ['GET', /^\/stats$/, readStats],
  ['POST', /^\/stats$/, addStats],
  ['POST', /^\/apps$/, createTestApp],
  ['DELETE', /^\/apps\/([^/]+)$/, removeApp],
];

/** Answers one request; never throws. */
export function answerHttp(world: World, request: Request): Answer {
  const { pathname, searchParams: query } = new URL(request.target, 'http://localhost');
  const cors = corsHeaders(request);
  if (request.method === 'OPTIONS') return { status: 204, headers: cors, body: '' };
  const wanted = query.get('format') ?? request.headers.accept ?? '';
  const format: Format = wanted.includes('msgpack') ? 'msgpack' : 'json';
  const headers: Record<string, string> = { ...cors };
  const shown = (status: number, body: unknown): Answer => {
    const isEnveloped = query.get('envelope') !== null;
    const whole = isEnveloped ? { statusCode: status, headers, response: body } : body;
    return {
      status: isEnveloped ? 200 : status,
      // Exactly this: the vendor's client in Node does not know an error with a charset behind it.
      headers: { ...headers, 'content-type': mediaTypes[format] },
      body: encodeBody(whole, format),
    };
  };
  try {
    refuseIfTold(world);
    const { status = 200, body, links } = run(world, request, pathname, query, format);
    if (links) headers['link'] = links;
    return shown(status, body);
  } catch (thrown) {
    const error = asAblyError(thrown);
    world.log(`${request.method} ${pathname}: ${error.code} ${error.message}`);
    headers['x-ably-errorcode'] = String(error.code);
    headers['x-ably-errormessage'] = error.message;
    return shown(error.statusCode, { error: errorInfo(error) });
  }
}

const mediaTypes = { json: 'application/json', msgpack: 'application/x-msgpack' } as const;

/** @throws {AblyError} what a test has asked for */
function refuseIfTold({ faults: { httpFailures } }: World): void {
  if (httpFailures.left === 0) return;
  httpFailures.left -= 1;
  const { status } = httpFailures;
  throw new AblyError(status * 100, 'failing, as it was told to', status);
}

/** @throws {AblyError} */
function run(
  world: World,
  request: Request,
  pathname: string,
  query: URLSearchParams,
  format: Format,
): Result {
  const found = routes.filter(([, path]) => path.test(pathname));
  const [, path, work] = found.find(([method]) => method === request.method) ?? [];
  if (!path || !work) throw new AblyError(found.length > 0 ? 40500 : 40400);
  const names = (path.exec(pathname) ?? []).slice(1).map(decodePart);
  const type = request.headers['content-type'] ?? '';
  let known: Grant | undefined;
  const call: Call = {
    ...{ world, request, query, format, names },
    body: () => decodeBody(request.body, type.includes('msgpack') ? 'msgpack' : 'json'),
    grant: () => (known ??= authenticate(world, credentialsOf(request, query))),
    allowed(channel, operation) {
      const grant = call.grant();
      if (!may(world, grant, channel, operation)) throw new AblyError(40160, undefined, 401);
      return grant;
    },
  };
  return work(call);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AblyError(40000, 'the path is not encoded well');
  }
}

function credentialsOf(
  { headers }: Request,
  query: URLSearchParams,
): { key?: string; token?: string; clientId?: string } {
  const [, scheme = '', value = ''] = /^(\w+) +(.*)$/.exec(headers.authorization ?? '') ?? [];
  const clientId = headers['x-ably-clientid'];
  const who =
    typeof clientId === 'string' ? { clientId: Buffer.from(clientId, 'base64').toString() } : {};
  if (/^basic$/i.test(scheme)) return { key: Buffer.from(value, 'base64').toString(), ...who };
  if (/^bearer$/i.test(scheme)) return { token: tokenIn(value), ...who };
  const key = query.get('key');
  const token = query.get('access_token') ?? query.get('accessToken');
  if (key !== null) return { key, ...who };
  return token === null ? {} : { token, ...who };
}

/** The vendor's client writes it as base64, others as it is. */
function tokenIn(value: string): string {
  const decoded = Buffer.from(value, 'base64').toString();
  return /^[\w-]+\.[\w.\-+/=]+$/.test(decoded) ? decoded : value;
}

/** A browser sees what is named here alone. */
function corsHeaders({ headers }: Request): Record<string, string> {
  const { origin } = headers;
  if (origin === undefined) return {};
  const asked = headers['access-control-request-headers'];
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE,OPTIONS',
    'access-control-allow-headers': typeof asked === 'string' ? asked : '*',
    'access-control-expose-headers':
      'Link,Transfer-Encoding,Content-Length,X-Ably-ErrorCode,X-Ably-ErrorMessage,X-Ably-ServerId,Server',
    vary: 'Origin',
  };
}
