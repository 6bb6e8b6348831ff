import { describe, expect, it } from 'vitest';
import { backendClient, type BackendClient, type BackendOptions } from './backend.ts';
import type { Link, Outbound } from './contract.ts';
import { RealtimeError } from './errors.ts';

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

interface Scene {
  readonly client: BackendClient;
  readonly asked: Asked[];
  readonly refused: RealtimeError[];
  /** The last body that was sent. */
  body(): unknown;
  header(name: string): string | null;
}

const link = (token: string | undefined = 'secret-token'): Link =>
  ({
    authorize: async () => (token === undefined ? {} : { token }),
    instanceId: 'tab',
    secret: 'own',
  }) as unknown as Link;

function scene(
  answer: (init: RequestInit) => Response | Promise<Response>,
  options: Partial<BackendOptions> = {},
  given: Link = link(),
): Scene {
  const asked: Asked[] = [];
  const refused: RealtimeError[] = [];
  const client = backendClient(
    {
      url: '/realtime/',
      async fetch(url, init = {}) {
        asked.push({ url: url as string, init });
        return answer(init);
      },
      ...options,
    },
    given,
    (error) => void refused.push(error),
  );
  const last = (): Asked => asked.at(-1) as Asked;
  return {
    client,
    asked,
    refused,
    body: () => JSON.parse(last().init.body as string),
    header: (name) => new Headers(last().init.headers).get(name),
  };
}

const { signal } = new AbortController();
const outbound = (more: Partial<Outbound> = {}): Outbound => ({
  ...{ id: 'n:1', event: 'said', data: { a: 1 }, json: '{"a":1}', volatile: false },
  ...more,
});

describe('a request', () => {
  it('has the token, the headers of the app, and one slash', async () => {
    const { client, asked, header } = scene(() => Response.json({ positions: [] }), {
      headers: () => ({ 'x-app': '1' }),
    });
    await client.positions([]);
    expect(asked[0]?.url).toBe('/realtime/positions');
    expect([header('authorization'), header('x-app'), header('content-type')]).toEqual([
      'Bearer secret-token',
      '1',
      'application/json',
    ]);
    expect(asked[0]?.init).toMatchObject({ method: 'POST', credentials: 'same-origin' });
  });

  it('of a client without a token has none: a cookie says who it is', async () => {
    const none = { ...link(), authorize: async () => ({}) } as unknown as Link;
    const { client, header } = scene(() => Response.json({ positions: [] }), {}, none);
    await client.positions([]);
    expect(header('authorization')).toBeNull();
  });

  it.each([
    [400, 'invalid', false],
    [401, 'auth_failed', true],
    [403, 'forbidden', false],
    [404, 'unsupported', false],
    [413, 'payload_too_large', false],
    [429, 'rate_limited', false],
    [500, 'server_error', false],
    [502, 'server_error', false],
  ])(
    'that is answered with %d and no body of ours is %s; a dead token: %s',
    async (status, code, isToken) => {
      const { client, refused } = scene(() => new Response('<html>', { status }));
      const failed = client.positions(['a']);
      await expect(failed).rejects.toMatchObject({ code, vendorCode: status });
      expect(refused).toHaveLength(isToken ? 1 : 0);
    },
  );

  it('that is refused has the code and the text of the backend; a code that nobody knows counts as its status', async () => {
    const told = scene(() =>
      Response.json({ error: { code: 'client_id_required', message: 'who?' } }, { status: 403 }),
    );
    await expect(told.client.auth({ channel: 'a' })).rejects.toMatchObject({
      code: 'client_id_required',
      message: expect.stringContaining('who?') as string,
    });
    const unknown = scene(() => Response.json({ error: { code: 'toString' } }, { status: 403 }));
    await expect(unknown.client.auth({})).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('that nobody answers is `connection_failed`, and an answer that is no JSON, too', async () => {
    const dead = scene(() => Promise.reject(new TypeError('fetch failed')));
    await expect(dead.client.positions([])).rejects.toMatchObject({ code: 'connection_failed' });
    const odd = scene(() => new Response('<html>'));
    await expect(odd.client.positions([])).rejects.toMatchObject({ code: 'connection_failed' });
  });

  it('that is given up is `aborted`, with the reason', async () => {
    const over = new AbortController();
    const { client } = scene(
      (init) =>
        new Promise((_, reject) => {
          init.signal?.addEventListener('abort', () => reject(new Error('aborted by fetch')));
        }),
    );
    const failed = client.positions([], over.signal);
    await Promise.resolve();
    over.abort('enough');
    await expect(failed).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
  });
});

describe('publish', () => {
  it('sends JSON as it was at the call, bytes as base64, and only what there is', async () => {
    const { client, body } = scene(() => Response.json({ outcomes: [] }));
    const data = { a: 2 };
    await client.publish(
      'room',
      [
        outbound({ data, sequence: 3 }),
        outbound({ data: new Uint8Array([1, 2]), json: undefined, volatile: true }),
      ],
      '1.2',
      signal,
    );
    expect(body()).toEqual({
      ...{ channel: 'room', connectionRef: '1.2', instanceId: 'tab', secret: 'own' },
      messages: [
        { id: 'n:1', event: 'said', data: { a: 1 }, sequence: 3 },
        { id: 'n:1', event: 'said', bytes: 'AQI=', volatile: true },
      ],
    });
  });

  it('answers each outcome in its place: 1 receipt, 1 refusal, 1 that may be tried again after 500 ms', async () => {
    const { client } = scene(() =>
      Response.json({
        outcomes: [
          { level: 'stored', serial: 7, timestamp: 1 },
          { error: { code: 'forbidden', message: 'no' } },
          { error: { code: 'rate_limited', retryAfterMs: 500 } },
        ],
      }),
    );
    const outcomes = await client.publish('room', [outbound()], undefined, signal);
    expect(outcomes[0]).toEqual({ level: 'stored', serial: 7, timestamp: 1 });
    expect(outcomes[1]).toMatchObject({ error: { code: 'forbidden' } });
    expect(outcomes[2]).toMatchObject({ error: { code: 'rate_limited' }, retryAfterMs: 500 });
    expect((outcomes[2] as { error: unknown }).error).toBeInstanceOf(RealtimeError);
  });
});

describe('what the backend keeps', () => {
  it('of a channel comes as messages, with bytes as bytes and a sender that is vouched for', async () => {
    const { client, asked } = scene(() =>
      Response.json({
        items: [
          {
            id: 'n:1',
            event: 'said',
            data: 1,
            serial: 1,
            cursor: 'e:1',
            timestamp: 5,
            clientId: 'ann',
          },
          { id: 'n:2', event: 'said', bytes: 'AQI=' },
        ],
        next: 'e:1',
        complete: true,
      }),
    );
    const page = await client.page(
      'a b&c',
      { limit: 2, direction: 'backwards', from: undefined },
      signal,
    );
    expect(asked[0]?.url).toBe('/realtime/history?channel=a+b%26c&limit=2&direction=backwards');
    expect(asked[0]?.init.method).toBe('GET');
    expect(page).toMatchObject({ next: 'e:1', complete: true });
    expect(page.items).toMatchObject([
      { id: 'n:1', data: 1, cursor: 'e:1', sender: { clientId: 'ann', verified: true } },
      { id: 'n:2', data: new Uint8Array([1, 2]), action: 'create' },
    ]);
  });

  it('is a position, or undefined, for each of 2 channels', async () => {
    const { client, body } = scene(() => Response.json({ positions: ['e:3', null] }));
    expect(await client.positions(['a', 'b'])).toEqual(['e:3', undefined]);
    expect(body()).toEqual({ channels: ['a', 'b'] });
  });
});

describe('members', () => {
  it('say what they show, and goodbye; an answer of 204 is enough', async () => {
    const { client, body } = scene(() => new Response(null, { status: 204 }));
    await client.present('room', { data: { name: 'Ann' } }, '1.2', signal);
    const said = { channel: 'room', connectionRef: '1.2', instanceId: 'tab' };
    expect(body()).toEqual({ ...said, data: { name: 'Ann' } });
    await client.present('room', {}, '1.2', signal);
    expect(body()).toEqual(said);
  });
});
