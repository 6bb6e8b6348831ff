/**
 * The HTTP API, as a function from a request to an answer: the signature over the raw bytes first, then a table of routes.
 *
 * @see SOURCE.md#http-api · http-events.ts · http-channels.ts
 */
import type { App } from './app.ts';
import { listChannels, readChannel, readUsers } from './http-channels.ts';
import { trigger, triggerBatch } from './http-events.ts';
import { HttpRefusal, type HttpAnswer, type HttpRequest } from './http-terms.ts';
import { close } from './connect.ts';
import { hmac, isSame, md5 } from './signature.ts';

interface Call {
  readonly app: App;
  readonly query: URLSearchParams;
  /** The parts of the path that the route leaves open, decoded. */
  readonly names: readonly string[];
  readonly body: Uint8Array;
}

type Route = readonly [method: string, path: RegExp, run: (call: Call) => object];

const routes: readonly Route[] = [
  ['POST', /^\/events$/, ({ app, body }) => trigger(app, body)],
  ['POST', /^\/batch_events$/, ({ app, body }) => triggerBatch(app, body)],
  ['GET', /^\/channels$/, ({ app, query }) => listChannels(app, query)],
  [
    'GET',
    /^\/channels\/([^/]+)$/,
    ({ app, query, names }) => readChannel(app, names[0] ?? '', query),
  ],
  ['GET', /^\/channels\/([^/]+)\/users$/, ({ app, names }) => readUsers(app, names[0] ?? '')],
  [
    'POST',
    /^\/users\/([^/]+)\/terminate_connections$/,
    ({ app, names }) => terminate(app, names[0] ?? ''),
  ],
];

/** Answers one request; never throws. */
export function answerHttp(apps: readonly App[], request: HttpRequest): HttpAnswer {
  try {
    return json(200, route(apps, request));
  } catch (error) {
    if (error instanceof HttpRefusal)
      return {
        status: error.status,
        headers: { 'content-type': 'text/plain' },
        body: `${error.message}\n`,
      };
    throw error;
  }
}

const json = (status: number, body: object): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

function route(apps: readonly App[], { method, target, body }: HttpRequest): object {
  const [path = '', search = ''] = target.split(/\?(.*)/s);
  const [, id, rest = ''] = /^\/apps\/([^/]+)(\/.*)$/s.exec(path) ?? [];
  const query = new URLSearchParams(search);
  if (id === undefined) throw new HttpRefusal(404, 'Not found');
  const app = apps.find((one) => one.id === id);
  if (!app) throw new HttpRefusal(404, 'Unknown app_id');
  const failures = app.faults.httpFailures;
  if (failures.left > 0) {
    failures.left -= 1;
    throw new HttpRefusal(failures.status, 'Failing, as it was told to');
  }
  checkSignature(app, method, path, query, body);
  if (!app.enabled) throw new HttpRefusal(403, 'Application disabled');
  for (const [wanted, pattern, run] of routes) {
    const found = pattern.exec(rest);
    if (!found || wanted !== method) continue;
    return run({ app, query, names: found.slice(1).map(decode), body });
  }
  throw new HttpRefusal(404, 'Not found');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpRefusal(400, 'The path is not encoded well');
  }
}

/** The path is signed as it was sent; the values of the query are not escaped. */
function checkSignature(
  app: App,
  method: string,
  path: string,
  query: URLSearchParams,
  body: Uint8Array,
): void {
  const unauthorized = (text: string): never => {
    throw new HttpRefusal(401, text);
  };
  const key = query.get('auth_key');
  const sent = query.get('auth_signature') ?? '';
  if (key === null) unauthorized('Missing required parameter: auth_key');
  if (key !== app.key) unauthorized('Unknown auth_key');
  if (query.get('auth_version') !== '1.0') unauthorized('Unsupported auth_version: expected 1.0');
  if (body.length > 0 && query.get('body_md5') !== md5(body))
    unauthorized('Invalid body_md5: it does not belong to this body');
  const signed = [...query]
    .filter(([name]) => name.toLowerCase() !== 'auth_signature')
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const text = `${method}\n${path}\n${signed}`;
  if (!isSame(sent, hmac(app.secret, text))) {
    const shown = JSON.stringify(text);
    unauthorized(
      `Invalid signature: you should have sent HmacSHA256Hex(${shown}, your_secret_key), but you sent ${JSON.stringify(sent)}`,
    );
  }
  const seconds = Number(query.get('auth_timestamp'));
  const skewMs = app.times.clockSkewMs;
  if (!(Math.abs(app.clock.now() - seconds * 1_000) <= skewMs)) {
    const given = new Date(seconds * 1_000 || 0).toISOString();
    const now = new Date(app.clock.now()).toISOString();
    unauthorized(
      `Timestamp expired: Given timestamp (${given}) not within ${skewMs / 1_000}s of server time (${now})`,
    );
  }
}

/** All connections of a user, for good. */
function terminate(app: App, userId: string): object {
  for (const connection of [...(app.users.get(userId) ?? [])]) close(connection, 4009);
  return {};
}
