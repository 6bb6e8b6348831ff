/** Broadcasts over HTTP, one or many. @see SOURCE.md#supabase-rest */
import type { Answer, Request } from '../listen.ts';
import { roomOf, fanOut } from './room.ts';
import { Refused, type Claims } from './tokens.ts';
import type { World } from './world.ts';

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
};

const answered = (status: number, body?: object): Answer => ({
  status,
  headers: { ...cors, 'content-type': 'application/json' },
  body: body ? JSON.stringify(body) : '',
});

class HttpRefusal extends Error {
  readonly answer: Answer;
  constructor(status: number, body: object) {
    super(JSON.stringify(body));
    this.answer = answered(status, body);
  }
}

const one = /^(?:\/realtime\/v1)?\/api\/broadcast\/([^/]+)\/events\/([^/]+)$/;
const many = /^(?:\/realtime\/v1)?\/api\/broadcast$/;

/** Answers one request; never throws. */
export function answerHttp(world: World, request: Request): Answer {
  const { pathname, searchParams: query } = new URL(request.target, 'http://localhost');
  if (request.method === 'OPTIONS') return { status: 204, headers: cors, body: '' };
  const names = one.exec(pathname);
  if (request.method !== 'POST' || (!names && !many.test(pathname)))
    return answered(404, { error: 'Not found' });
  try {
    const { httpFailures } = world.faults;
    if (httpFailures.left > 0) {
      httpFailures.left -= 1;
      throw new HttpRefusal(httpFailures.status, { message: 'failed, as a test asked' });
    }
    const claims = callerOf(world, request, query);
    const messages = names ? [readOne(request, names, query)] : readMany(request);
    publish(world, claims, messages, names !== null);
    return answered(202);
  } catch (error) {
    if (error instanceof HttpRefusal) return error.answer;
    throw error;
  }
}

/** @throws {HttpRefusal} 401 */
function callerOf(world: World, { headers }: Request, query: URLSearchParams): Claims {
  const [, bearer] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  const key = bearer ?? headers['apikey'] ?? query.get('apikey') ?? '';
  try {
    return world.claimsOf(String(key));
  } catch (error) {
    if (error instanceof Refused) throw new HttpRefusal(401, { message: 'Unauthorized' });
    throw error;
  }
}

interface Message {
  readonly topic: string;
  readonly event: string;
  readonly data: unknown;
  readonly isPrivate: boolean;
}

const invalid = (errors: unknown): HttpRefusal => new HttpRefusal(422, { errors });

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    throw new HttpRefusal(400, { message: 'the body is no JSON' });
  }
}

function readMany({ body }: Request): Message[] {
  const { messages } = Object(parsed(body)) as { messages?: unknown };
  if (!Array.isArray(messages)) throw invalid({ messages: ["can't be blank"] });
  return messages.map((given: unknown) => {
    const { topic, event, payload, private: isPrivate } = Object(given) as Record<string, unknown>;
    const isMap = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
    if (typeof topic !== 'string' || topic === '' || typeof event !== 'string' || !isMap)
      throw invalid({ messages: [{ payload: ['is invalid'] }] });
    return { topic, event, data: payload, isPrivate: isPrivate === true };
  });
}

function readOne(
  { headers, body }: Request,
  [, topic = '', event = '']: readonly string[],
  query: URLSearchParams,
): Message {
  const type = String(headers['content-type'] ?? '').split(';')[0];
  if (type !== 'application/json' && type !== 'application/octet-stream')
    throw new HttpRefusal(415, { message: 'Unsupported media type' });
  const data = type === 'application/json' ? parsed(body) : body;
  const names = { topic: decodeURIComponent(topic), event: decodeURIComponent(event) };
  return { ...names, data, isPrivate: query.get('private') === 'true' };
}

/** Of many, what may not be written is left out without a word; one alone is refused. */
function publish(
  world: World,
  claims: Claims,
  messages: readonly Message[],
  isAlone: boolean,
): void {
  const { limits, rates } = world;
  if (rates.messages.perSecond() > limits.messagesPerSecond)
    throw new HttpRefusal(429, { message: 'Too many messages' });
  for (const { topic, event, data, isPrivate } of messages) {
    const size = data instanceof Uint8Array ? data.length : JSON.stringify(data).length;
    if (size > limits.payloadBytes)
      throw invalid({ payload: ['Payload size exceeds tenant limit'] });
    const isAllowed =
      !isPrivate || world.allows({ topic, extension: 'broadcast', operation: 'write', claims });
    if (!isAllowed && isAlone) throw new HttpRefusal(403, { message: 'Forbidden' });
    if (!isAllowed) continue;
    rates.messages.add();
    const isFramed = data instanceof Uint8Array;
    fanOut(world, roomOf(world, topic, isPrivate), { event, data, isFramed });
  }
}
