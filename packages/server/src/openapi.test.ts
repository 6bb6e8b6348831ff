/**
 * The document and the server say the same: every operation, every status and every example is driven for real, and
 * each answer is held to its schema.
 */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failingEngine } from '../test/support/failing-engine.ts';
import { openApi, type Answer } from '../test/support/openapi.ts';
import { socketServer, type SocketServer } from '../test/support/sockets.ts';
import { apiRoutes } from './http-api.ts';
import { defaultLimits } from './options.ts';

const api = openApi();
const key = 'the-server-key';
const paramsOf = (path: string): string => path.replace('{channel}', 'room%3A42');

let main: SocketServer;
let without: SocketServer;
beforeAll(async () => {
  main = await socketServer({
    serverKey: key,
    engine: failingEngine((channel) => channel.startsWith('broken')),
    channels: { plain: {}, '{name}': { history: true, presence: {} } },
  });
  without = await socketServer();
});
afterAll(async () => {
  await main.close();
  await without.close();
});

interface Sent {
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly on?: 'without';
}

/** The URL and the options of a request of an operation. */
function requestOf(id: string, sent: Sent): readonly [url: string, init: RequestInit] {
  const { method, path } = api.operation(id);
  const { port } = sent.on === 'without' ? without : main;
  const headers: Record<string, string> = { Authorization: `Bearer ${key}`, ...sent.headers };
  if (headers['Authorization'] === '') delete headers['Authorization'];
  if (method === 'POST') headers['Content-Type'] ??= 'application/json';
  const body = typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
  const url = `http://127.0.0.1:${port}/anywire${sent.path ?? paramsOf(path)}`;
  return [url, { method, headers, ...(method === 'POST' && { body }) }];
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}

/** Over a socket. */
const send = async (id: string, sent: Sent = {}): Promise<Answer> =>
  answerOf(await fetch(...requestOf(id, sent)));

/** Through `server.fetch`. */
const hand = async (id: string, sent: Sent): Promise<Answer> =>
  answerOf(
    await (sent.on === 'without' ? without : main).server.fetch(
      new Request(...requestOf(id, sent)),
    ),
  );

const message = { channel: 'room:42', event: 'notice', data: { text: 'hi' } };
const user = { clientId: 'nobody' };
const many = Array.from({ length: 1_001 }, () => message);

/** One request for each status of each operation. */
const cases: readonly (readonly [id: string, status: number, code: string, sent: Sent])[] = [
  ['publish', 200, '', { body: message }],
  ['publish', 200, '', { body: { messages: [message, message] } }],
  ['publish', 200, '', { body: message, headers: { 'Idempotency-Key': '"order-9"' } }],
  ['publish', 400, 'invalid', { body: {} }],
  ['publish', 400, 'limit_exceeded', { body: { messages: many } }],
  ['publish', 413, 'payload_too_large', { body: { ...message, data: 'x'.repeat(70_000) } }],
  ['publish', 413, 'payload_too_large', { body: { messages: 'x'.repeat(1_100_000) } }],
  ['publish', 415, 'invalid', { body: message, headers: { 'Content-Type': 'text/plain' } }],
  ['publish', 500, 'server_error', { body: { ...message, channel: 'broken' } }],
  ['publish', 500, 'server_error', { body: { messages: [message, { ...message, channel: 'broken' }] } }],
  ['listChannels', 200, '', {}],
  ['listChannels', 400, 'invalid', { path: '/channels?limit=1001' }],
  ['history', 200, '', { path: '/channels/room%3A42/history?limit=1&direction=forwards&start=0&end=9999999999999' }],
  ['history', 400, 'invalid', { path: '/channels/room/history?limit=0' }],
  ['history', 404, 'unsupported', { path: '/channels/plain/history' }],
  ['history', 410, 'history_expired', { path: '/channels/room%3A42/history?from=earlier:5:' }],
  ['history', 500, 'server_error', { path: '/channels/broken/history' }],
  ['presence', 200, '', {}],
  ['presence', 400, 'invalid', { path: '/channels/%FF/presence' }],
  ['presence', 404, 'unsupported', { path: '/channels/plain/presence' }],
  ['presence', 500, 'server_error', { path: '/channels/broken/presence' }],
  ['occupancy', 200, '', {}],
  ['occupancy', 400, 'invalid', { path: '/channels/a%0Ab/occupancy' }],
  ['occupancy', 500, 'server_error', { path: '/channels/broken/occupancy' }],
  ['disconnect', 200, '', { body: user }],
  ['disconnect', 400, 'invalid', { body: {} }],
  ['disconnect', 413, 'payload_too_large', { body: { ...user, reason: 'x'.repeat(5_000) } }],
  ['disconnect', 415, 'invalid', { body: user, headers: { 'Content-Type': 'text/plain' } }],
  ...api.operations.flatMap(({ operationId }) => [
    [operationId, 401, 'auth_failed', { body: message, headers: { Authorization: '' } }],
    [operationId, 403, 'forbidden', { body: message, headers: { Authorization: 'Bearer nope' } }],
    [operationId, 403, 'forbidden', { body: message, on: 'without' }],
  ] as const),
]; // prettier-ignore

describe('openapi.json', () => {
  it('is a document of OpenAPI 3.1', async () => {
    const validator = new Validator();
    const answer = await validator.validate(structuredClone(api.document));
    expect(answer).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has the 6 operations that the server has, and no other', () => {
    const own = apiRoutes.map(({ method, path }) => `${method} ${path}`);
    expect(api.operations.map(({ method, path }) => `${method} ${path}`)).toEqual(own);
    expect(own).toHaveLength(6);
  });

  it('has the parameters that the server takes, of the same types', () => {
    const types = { text: 'string', count: 'integer' } as const;
    for (const { method, path, parameters } of apiRoutes) {
      const operation = api.operations.find((each) => each.path === path && each.method === method);
      const stated = operation?.parameters
        ?.filter((parameter) => parameter.in === 'query')
        .map(({ name, schema }) => [name, (schema as { type: string }).type]);
      expect(stated).toEqual([...parameters].map(([name, type]) => [name, types[type]]));
    }
  });

  it('states the limits of a batch and of a page as they are', () => {
    const { schemas } = api.document['components'] as {
      schemas: { Batch: { properties: { messages: { maxItems: number } } } };
    };
    expect(schemas.Batch.properties.messages.maxItems).toBe(defaultLimits.batchItems);
  });

  it('has no status that is not driven below, and none below is not in it', () => {
    const stated = api.operations.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    const driven = cases.map(([id, status]) => `${id} ${status}`);
    // 503 has tests of its own; `default` is what others answer.
    const elsewhere = api.operations.map(({ operationId }) => `${operationId} 503`);
    const wanted = stated.filter((each) => !each.endsWith('default'));
    expect([...new Set([...driven, ...elsewhere])].sort()).toEqual(wanted.sort());
  });
});

describe('an answer is what the document says', () => {
  it.each(cases)('%s: %i %s', async (id, status, code, sent) => {
    for (const answer of [await send(id, sent), await hand(id, sent)]) {
      expect(answer.status).toBe(status);
      expect(api.answerProblems(id, answer)).toBe('');
      if (code !== '') expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
    }
    const media = api.operation(id).requestBody?.content['application/json'];
    if (media && status === 200) expect(api.problems(media.schema, sent.body)).toBe('');
  });

  it('503 of each operation after close', async () => {
    const { server, close } = await socketServer({ serverKey: key });
    await close();
    for (const { operationId } of api.operations) {
      const body = operationId === 'publish' ? message : user;
      const answer = await answerOf(
        await server.fetch(new Request(...requestOf(operationId, { body }))),
      );
      expect(answer.status).toBe(503);
      expect(api.answerProblems(operationId, answer)).toBe('');
    }
  });

  it.each(['publish', 'disconnect'])('%s: 503 while the server goes away', async (id) => {
    const other = await socketServer({ serverKey: key });
    const { method, path } = api.operation(id);
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let finish = (): void => {};
    const closed = new Promise<void>((resolve) => (finish = resolve));
    async function* body(): AsyncGenerator<Uint8Array> {
      const text = Buffer.from(JSON.stringify(id === 'publish' ? message : user));
      yield text.subarray(0, 5);
      begin();
      await closed;
      yield text.subarray(5);
    }
    const arrived = new Promise((resolve) => other.http.once('request', resolve));
    const answered = fetch(`http://127.0.0.1:${other.port}/anywire${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: body() as unknown as BodyInit,
      duplex: 'half',
    } as RequestInit);
    await Promise.all([begun, arrived]);
    await other.server.close();
    finish();
    const answer = await answerOf(await answered);
    expect(answer.status).toBe(503);
    expect(api.answerProblems(id, answer)).toBe('');
    await other.close();
  });

  it('and so are members, messages of clients, bytes and a next page', async () => {
    const ann = await main.connected('ann');
    await ann.attach('full', { presence: 'enter', d: { status: 'away' } });
    await ann.publish('full', new Uint8Array([0, 1, 2]), { x: { trace: 'abc' } });
    await ann.publish('full', { n: 2 });
    for (const [id, path, wanted] of [
      ['presence', '/channels/full/presence', { members: [{ clientId: 'ann', instanceId: 'tab-of-ann', data: { status: 'away' } }] }],
      ['occupancy', '/channels/full/occupancy', { connections: 1, members: 1, clients: 1 }],
      ['listChannels', '/channels?prefix=fu', { items: [{ name: 'full', connections: 1 }] }],
      ['history', '/channels/full/history?limit=1', { items: [{ data: { n: 2 }, clientId: 'ann' }], complete: true }],
      ['history', '/channels/full/history?limit=1&direction=forwards', { items: [{ data: 'AAEC', encoding: 'base64', extras: { trace: 'abc' } }] }],
    ] as const) {
      const answer = await send(id, { path });
      expect(api.answerProblems(id, answer)).toBe('');
      expect(JSON.parse(answer.text)).toMatchObject(wanted);
    } // prettier-ignore
    ann.end();
    await ann.closed;
  });
});

describe('an example of the document', () => {
  const requests = api.operations.flatMap(({ operationId, requestBody }) =>
    Object.entries(requestBody?.content['application/json']?.examples ?? {}).map(
      ([name, { value }]) => [operationId, name, value] as const,
    ),
  );
  it.each(requests)('%s %s is taken as it stands', async (id, _, body) => {
    const media = api.operation(id).requestBody?.content['application/json'];
    expect(api.problems(media?.schema ?? {}, body)).toBe('');
    const answer = await send(id, { body });
    expect(answer.status).toBe(200);
    expect(api.answerProblems(id, answer)).toBe('');
  });

  it('of an answer is what its schema says', () => {
    let count = 0;
    for (const { responses } of api.operations)
      for (const { content } of Object.values(responses))
        for (const { schema, example, examples = {} } of Object.values(content))
          for (const value of [example, ...Object.values(examples).map((each) => each.value)]) {
            if (value === undefined) continue;
            count += 1;
            expect(api.problems(schema, value)).toBe('');
          }
    expect(count).toBeGreaterThan(30);
  });
});

describe('a method that the document does not have', () => {
  const paths = [...new Set(api.operations.map(({ path }) => path))];
  it.each(paths)('is refused at %s with 405 and the methods that it has', async (path) => {
    const methods = api.operations.filter((each) => each.path === path).map(({ method }) => method);
    const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      if (allowed.includes(method)) continue;
      const url = `http://127.0.0.1:${main.port}/anywire${paramsOf(path)}`;
      const response = await fetch(url, { method, headers: { Authorization: `Bearer ${key}` } });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allowed.join(', '));
      expect(await response.json()).toMatchObject({ error: { code: 'invalid' } });
    }
  });
});
