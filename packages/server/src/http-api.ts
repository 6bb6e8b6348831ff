/**
 * The HTTP API: the verbs of the server object, for backends that are not the process of this server.
 *
 * JSON in, JSON out; every refusal is `{ error: { code, message } }` with a code of the catalogue. Nothing here sends
 * CORS headers: a server key does not belong into a page.
 *
 * @see openapi.json, which says the same, and which a test holds to the table below · README.md#http-api
 */
import type { Backend } from './backend.ts';
import type { StoredMessage } from './backend-history.ts';
import type { DisconnectOptions, DisconnectTarget } from './disconnect.ts';
import { bodyOf, membersIn, parametersIn, type Members, type Parameters } from './http-input.ts';
import { publishRoute } from './http-publish.ts';
import {
  header,
  jsonAnswer,
  Refusal,
  refusedAnswer,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
import type { Log } from './log.ts';
import type { Limits } from './options.ts';
import type { KeyCheck } from './server-keys.ts';

export interface ApiParts {
  readonly checkKey: KeyCheck;
  readonly limits: Pick<Limits, 'payloadBytes' | 'batchBytes'>;
  readonly log: Log;
  readonly backend: Backend;
}

/** One operation. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** Below the path of the server; `{channel}` stands for a percent-encoded name. */
  readonly path: string;
  readonly parameters: Parameters;
  answer(
    parts: ApiParts,
    request: HttpRequest,
    given: { readonly channel: string; readonly query: Readonly<Record<string, string | number>> },
  ): Promise<HttpAnswer>;
}

const none: Parameters = new Map();
const historyParameters: Parameters = new Map([
  ['limit', 'count'],
  ['direction', 'text'],
  ['from', 'text'],
  ['start', 'count'],
  ['end', 'count'],
]);
const channelsParameters: Parameters = new Map([
  ['prefix', 'text'],
  ['limit', 'count'],
  ['after', 'text'],
]);
const disconnectMembers: Members = new Map([
  ['clientId', { type: 'text' }],
  ['connectionId', { type: 'text' }],
  ['reason', { type: 'text' }],
  ['retry', { type: 'text' }],
]);
const disconnectBytes = 4_096;

/** Every operation. */
export const apiRoutes: readonly ApiRoute[] = [
  { method: 'POST', path: '/publish', parameters: none, answer: publishRoute },
  {
    method: 'GET',
    path: '/channels',
    parameters: channelsParameters,
    async answer({ backend }, _, { query }) {
      return jsonAnswer(200, await backend.channels(query));
    },
  },
  {
    method: 'GET',
    path: '/channels/{channel}/history',
    parameters: historyParameters,
    async answer({ backend }, _, { channel, query }) {
      const page = await backend.history(channel, query);
      return jsonAnswer(200, { ...page, items: page.items.map(asJson) });
    },
  },
  {
    method: 'GET',
    path: '/channels/{channel}/presence',
    parameters: none,
    async answer({ backend }, _, { channel }) {
      return jsonAnswer(200, { members: await backend.presence(channel) });
    },
  },
  {
    method: 'GET',
    path: '/channels/{channel}/occupancy',
    parameters: none,
    async answer({ backend }, _, { channel }) {
      return jsonAnswer(200, await backend.occupancy(channel));
    },
  },
  {
    method: 'POST',
    path: '/disconnect',
    parameters: none,
    async answer({ backend }, request) {
      const body = membersIn(await bodyOf(request, disconnectBytes), disconnectMembers);
      const { reason, retry, ...target } = Object.fromEntries(body);
      const options = {
        ...(body.has('reason') && { reason }),
        ...(body.has('retry') && { retry }),
      };
      const connections = await backend.disconnect(
        target as DisconnectTarget,
        options as DisconnectOptions,
      );
      return jsonAnswer(200, { connections });
    },
  },
];

/** Bytes are text in JSON. */
function asJson({ data, ...message }: StoredMessage): object {
  if (!(data instanceof Uint8Array)) return { ...message, data };
  return { ...message, data: Buffer.from(data).toString('base64'), encoding: 'base64' };
}

// --- finding the operation ---

/**
 * Names may hold '/', and proxies exist that decode `%2F`: what is between the first part and the last is the name,
 * whatever it holds.
 */
const patterns = apiRoutes.map(
  (route) => [new RegExp(`^${route.path.replace('{channel}', '(.+)')}$`, 's'), route] as const,
);

/** Whether a path, after that of the server, is of this API. */
export function isApiPath(path: string): boolean {
  return patterns.some(([pattern]) => pattern.test(path));
}

/** Answers a request of a backend. Never rejects. */
export async function answerApi(parts: ApiParts, request: HttpRequest): Promise<HttpAnswer> {
  try {
    const { route, name } = routeOf(request);
    parts.checkKey(header(request, 'authorization'));
    const query = Object.fromEntries(parametersIn(request.query, route.parameters));
    return await route.answer(parts, request, { channel: channelOf(name), query });
  } catch (error) {
    return refusedAnswer(error, parts.log);
  }
}

function routeOf({ path, method }: HttpRequest): { route: ApiRoute; name: string } {
  const found = patterns.flatMap(([pattern, route]) => {
    const match = pattern.exec(path);
    return match ? [{ route, name: match[1] ?? '' }] : [];
  });
  if (found.length === 0) throw new Refusal(404, 'invalid', 'there is nothing here');
  // The body of an answer to HEAD is left out by whoever writes it.
  const wanted = method === 'HEAD' ? 'GET' : method;
  const fitting = found.find(({ route }) => route.method === wanted);
  if (fitting) return fitting;
  const methods = found.map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : route.method));
  const allowed = methods.join(', ');
  throw new Refusal(405, 'invalid', `the method is ${allowed}`, { Allow: allowed });
}

function channelOf(name: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[^\x00-\x7f]/.test(name)) throw badName();
  try {
    return decodeURIComponent(name);
  } catch {
    throw badName();
  }
}

const badName = (): Refusal =>
  new Refusal(400, 'invalid', 'the channel in the path is percent-encoded UTF-8');
