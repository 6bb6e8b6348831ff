/** The HTTP API by the real server library, signatures, users, webhooks. @see SOURCE.md#http-api */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import PusherSdk from 'pusher';
import { describe, expect, it } from 'vitest';
import {
  app,
  atEnd,
  connected,
  errorsOf,
  listen,
  next,
  openScene,
  settled,
  subscribe,
  type Scene,
} from './scene.ts';

const json = async (answer: Promise<{ json(): Promise<unknown> }>): Promise<unknown> =>
  (await answer).json();
const failure = (work: Promise<unknown>): Promise<{ status?: number; body?: string }> =>
  work.then(
    () => ({}),
    (error: { status?: number; body?: string }) => ({
      status: error.status ?? 0,
      body: (error.body ?? '').trim(),
    }),
  );

describe('an event', () => {
  it('goes to up to 100 channels, but not to the connection that is left out', async () => {
    const scene = await openScene();
    const [one, two] = [scene.client(), scene.client()];
    const first = listen(await subscribe(one, 'room-0'));
    const second = listen(await subscribe(two, 'room-99'));
    const channels = Array.from({ length: 100 }, (_, n) => `room-${n}`);
    expect(
      await json(scene.sdk.trigger(channels, 'e', 1, { socket_id: one.connection.socket_id })),
    ).toEqual({});
    await settled(scene, one);
    await settled(scene, two);
    expect([first, second]).toEqual([[], [['e', 1]]]);
  });

  it('answers with counts where they are asked for', async () => {
    const scene = await openScene();
    await subscribe(scene.client({ user: 'ann' }), 'presence-room');
    const answer = await json(
      scene.sdk.trigger('presence-room', 'e', {}, { info: 'user_count,subscription_count' }),
    );
    expect(answer).toEqual({
      channels: { 'presence-room': { user_count: 1, subscription_count: 1 } },
    });
  });

  it('comes in a batch of up to 10, encrypted ones too', async () => {
    const scene = await openScene();
    const one = scene.client();
    const [plain, secret] = [
      await subscribe(one, 'room'),
      await subscribe(one, 'private-encrypted-room'),
    ];
    const heard = Promise.all([next(plain, 'a'), next(secret, 'b')]);
    await scene.sdk.triggerBatch([
      { channel: 'room', name: 'a', data: { n: 1 } },
      { channel: 'private-encrypted-room', name: 'b', data: { n: 2 } },
    ]);
    expect(await heard).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it.each([
    ['over 10 KB', 413, ({ sdk }: Scene) => sdk.trigger('room', 'e', 'x'.repeat(10_241))],
    [
      'to a channel that cannot be',
      400,
      ({ http }: Scene) => http('POST', '/events', '{"name":"e","data":"1","channels":["a b"]}'),
    ],
    [
      'to 101 channels',
      400,
      ({ http }: Scene) =>
        http(
          'POST',
          '/events',
          JSON.stringify({
            name: 'e',
            data: '1',
            channels: Array.from({ length: 101 }, (_, n) => `c${n}`),
          }),
        ),
    ],
    [
      'without a name',
      400,
      ({ http }: Scene) => http('POST', '/events', '{"data":"1","channels":["a"]}'),
    ],
    [
      'with a name of 201 characters',
      400,
      ({ http }: Scene) =>
        http('POST', '/events', JSON.stringify({ name: 'x'.repeat(201), data: '1', channel: 'a' })),
    ],
    [
      'with data that are no text',
      400,
      ({ http }: Scene) => http('POST', '/events', '{"name":"e","data":{},"channels":["a"]}'),
    ],
    [
      'with a socket id that cannot be',
      400,
      ({ http }: Scene) =>
        http('POST', '/events', '{"name":"e","data":"1","channels":["a"],"socket_id":"x"}'),
    ],
    [
      'in a batch of 11',
      400,
      ({ http }: Scene) =>
        http(
          'POST',
          '/batch_events',
          JSON.stringify({
            batch: Array.from({ length: 11 }, () => ({ name: 'e', data: '1', channel: 'a' })),
          }),
        ),
    ],
    ['that is not JSON', 400, ({ http }: Scene) => http('POST', '/events', '{')],
  ])('%s is refused with %i', async (_, status, work) => {
    const scene = await openScene();
    const found = (await work(scene).catch((error: unknown) => error)) as { status: number };
    expect(found.status).toBe(status);
  });

  it('fails as often as a test says, then passes', async () => {
    const { sdk, service } = await openScene();
    service.failHttp(2, 503);
    expect(await failure(sdk.trigger('room', 'e', 1))).toMatchObject({ status: 503 });
    expect(await failure(sdk.trigger('room', 'e', 1))).toMatchObject({ status: 503 });
    expect(await failure(sdk.trigger('room', 'e', 1))).toEqual({});
  });

  it('is answered { ok: true } by servers of the other family', async () => {
    const { sdk } = await openScene({ variant: 'soketi' });
    expect(await json(sdk.trigger('room', 'e', 1))).toEqual({ ok: true });
  });
});

describe('a request', () => {
  it.each([
    [
      'without a key',
      401,
      'Missing required parameter: auth_key',
      (query: URLSearchParams) => query.delete('auth_key'),
    ],
    [
      'with the key of nobody',
      401,
      'Unknown auth_key',
      (query: URLSearchParams) => query.set('auth_key', 'x'),
    ],
    [
      'with another version',
      401,
      'Unsupported auth_version: expected 1.0',
      (query: URLSearchParams) => query.set('auth_version', '2.0'),
    ],
    [
      'with a forged signature',
      401,
      'Invalid signature: you should have sent HmacSHA256Hex("POST\\n/apps/1/events\\n',
      (query: URLSearchParams) => query.set('auth_signature', '0'.repeat(64)),
    ],
    [
      'with the digest of another body',
      401,
      'Invalid body_md5',
      (query: URLSearchParams) => query.set('body_md5', '0'.repeat(32)),
    ],
  ])('%s is refused with %i', async (_, status, says, change) => {
    const { http } = await openScene();
    const answer = await http(
      'POST',
      '/events',
      '{"name":"e","data":"1","channels":["a"]}',
      change,
    );
    expect(answer).toMatchObject({ status, text: expect.stringContaining(says) as string });
  });

  it('whose clock is off by more than 600 s is refused, by less is taken', async () => {
    for (const [skewMs, status] of [
      [601_000, 401],
      [-601_000, 401],
      [590_000, 200],
    ] as const) {
      const clock = { now: () => Date.now() + skewMs, schedule: () => () => {} };
      const { http } = await openScene({ clock });
      const answer = await http('POST', '/events', '{"name":"e","data":"1","channels":["a"]}');
      expect(answer.status).toBe(status);
      if (status === 401)
        expect(answer.text).toMatch(
          /^Timestamp expired: Given timestamp \(.*\) not within 600s of server time/,
        );
    }
  });

  it('to an app or a path that is not there is answered 404; to one that is switched off, 403', async () => {
    const { http, service } = await openScene({ apps: [{ ...app, enabled: false }] });
    expect((await http('GET', '/channels')).status).toBe(403);
    expect((await fetch(`${service.url}/apps/2/channels`)).status).toBe(404);
    expect((await fetch(service.url)).status).toBe(404);
    expect((await (await openScene()).http('GET', '/other')).status).toBe(404);
  });

  it('signed with the secret of another app is refused', async () => {
    const { service } = await openScene({ apps: [app, { id: '2', key: 'k2', secret: 's2' }] });
    const { host, port } = service;
    const wrong = new PusherSdk({
      appId: '1',
      key: 'key',
      secret: 's2',
      host,
      port: String(port),
      useTLS: false,
    });
    expect(await failure(wrong.trigger('room', 'e', 1))).toMatchObject({ status: 401 });
  });
});

describe('channels', () => {
  it('are listed while somebody is in them, by prefix, with counts of presence channels', async () => {
    const scene = await openScene();
    const one = scene.client({ user: 'ann' });
    for (const name of ['room', 'presence-a', 'presence-b']) await subscribe(one, name);
    expect(await json(scene.sdk.get({ path: '/channels' }))).toEqual({
      channels: { room: {}, 'presence-a': {}, 'presence-b': {} },
    });
    const counted = scene.sdk.get({
      path: '/channels',
      params: { filter_by_prefix: 'presence-', info: 'user_count' },
    });
    expect(await json(counted)).toEqual({
      channels: { 'presence-a': { user_count: 1 }, 'presence-b': { user_count: 1 } },
    });
    expect(
      await failure(scene.sdk.get({ path: '/channels', params: { info: 'user_count' } })),
    ).toMatchObject({ status: 400 });
  });

  it('are asked for one by one: occupied, counts, and what a cache channel keeps', async () => {
    const scene = await openScene();
    expect(await json(scene.sdk.get({ path: '/channels/room' }))).toEqual({ occupied: false });
    await subscribe(scene.client(), 'cache-room');
    await scene.sdk.trigger('cache-room', 'e', { n: 1 });
    const { cache, ...rest } = (await json(
      scene.sdk.get({ path: '/channels/cache-room', params: { info: 'subscription_count,cache' } }),
    )) as { cache: { data: string; ttl: number } };
    expect(rest).toEqual({ occupied: true, subscription_count: 1 });
    expect(cache).toMatchObject({ data: '{"n":1}', ttl: 1_800 });
  });

  it('tell the users of a presence channel, and of no other', async () => {
    const scene = await openScene();
    await subscribe(scene.client({ user: 'ann' }), 'presence-room');
    expect(await json(scene.sdk.get({ path: '/channels/presence-room/users' }))).toEqual({
      users: [{ id: 'ann' }],
    });
    expect(await failure(scene.sdk.get({ path: '/channels/room/users' }))).toMatchObject({
      status: 400,
    });
  });
});

describe('users', () => {
  it('who are signed in get what is sent to them, on every connection, and nobody else', async () => {
    const scene = await openScene();
    const [tab, phone, other] = [
      scene.client({ user: 'ann' }),
      scene.client({ user: 'ann' }),
      scene.client({ user: 'bob' }),
    ];
    for (const one of [tab, phone, other]) one.signin();
    await Promise.all([tab, phone, other].map(({ user }) => user.signinDonePromise));
    await Promise.all([tab, phone, other].map((one) => settled(scene, one)));
    const strangers: unknown[] = [];
    other.user.bind('note', (data: unknown) => strangers.push(data));
    const heard = Promise.all([tab, phone].map(({ user }) => next(user, 'note')));
    await scene.sdk.sendToUser('ann', 'note', { n: 1 });
    expect(await heard).toEqual([{ n: 1 }, { n: 1 }]);
    await settled(scene, other);
    expect(strangers).toEqual([]);
  });

  it('whose signature is forged are not signed in', async () => {
    const { client } = await openScene();
    const forge = (_: object, answer: (error: null, data: object) => void): void =>
      void setImmediate(() => answer(null, { auth: 'key:0', user_data: '{"id":"ann"}' }));
    const one = client({ userAuthentication: { customHandler: forge } as never });
    await connected(one);
    one.signin();
    await next(one.connection, 'error');
    expect(one.user.user_data).toBeNull();
  });

  it('who watch others hear who is online, who comes and who goes', async () => {
    const scene = await openScene();
    const ann = scene.client({ user: 'ann', watchlist: ['bob', 'eve'] });
    const heard: [string, string[]][] = [];
    for (const name of ['online', 'offline'])
      ann.user.watchlist.bind(name, ({ user_ids }: { user_ids: string[] }) =>
        heard.push([name, user_ids]),
      );
    ann.signin();
    await next(ann.user.watchlist, 'offline');
    const bob = scene.client({ user: 'bob' });
    bob.signin();
    await next(ann.user.watchlist, 'online');
    bob.disconnect();
    await next(ann.user.watchlist, 'offline');
    expect(heard).toEqual([
      ['offline', ['bob', 'eve']],
      ['online', ['bob']],
      ['offline', ['bob']],
    ]);
  });

  it('with more than 100 on their list are told 4302', async () => {
    const { client } = await openScene({ limits: { watchlistLength: 1 } });
    const one = client({ user: 'ann', watchlist: ['a', 'b'] });
    const errors = errorsOf(one);
    one.signin();
    await next(one.connection, 'error');
    expect(errors).toEqual([[4302, 'Watchlist limit of 1 exceeded']]);
  });

  it('are ended for good, on every connection', async () => {
    const scene = await openScene();
    const [ann, bob] = [scene.client({ user: 'ann' }), scene.client({ user: 'bob' })];
    for (const one of [ann, bob]) one.signin();
    await Promise.all([ann, bob].map(({ user }) => user.signinDonePromise));
    const gone = next(ann.connection, 'disconnected');
    await scene.sdk.terminateUserConnections('ann');
    await gone;
    expect(bob.connection.state).toBe('connected');
  });
});

describe('webhooks', () => {
  interface Hook {
    readonly url: string;
    /** Names, in their order. */
    readonly names: string[];
    fail: number;
    until(name: string): Promise<void>;
  }

  async function takeHooks(
    check: (headers: Record<string, string>, rawBody: string) => void = () => {},
  ): Promise<Hook> {
    const waiting: [string, () => void][] = [];
    const hook: Hook = {
      url: '',
      names: [],
      fail: 0,
      until: (name) =>
        hook.names.includes(name)
          ? Promise.resolve()
          : new Promise((resolve) => waiting.push([name, resolve])),
    };
    const http = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const isFailing = hook.fail > 0;
        hook.fail -= 1;
        response.writeHead(isFailing ? 500 : 200).end();
        if (isFailing) return;
        check(request.headers as Record<string, string>, body);
        for (const { name } of (JSON.parse(body) as { events: { name: string }[] }).events) {
          hook.names.push(name);
          for (const [wanted, done] of waiting) if (wanted === name) done();
        }
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    atEnd(
      () =>
        new Promise((resolve) => {
          http.close(resolve);
          http.closeAllConnections();
        }),
    );
    return Object.assign(hook, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
  }

  it('tell what happens, signed so that the server library believes them', async () => {
    const believed: boolean[] = [];
    const sdk = new PusherSdk({ appId: '1', key: app.key, secret: app.secret, cluster: 'mt1' });
    const hook = await takeHooks((headers, rawBody) =>
      believed.push(sdk.webhook({ headers, rawBody }).isValid()),
    );
    const scene = await openScene({
      apps: [{ ...app, webhooks: [{ url: hook.url }] }],
      times: { webhookLeaveMs: 20 },
    });
    const [ann, bob] = [scene.client({ user: 'ann' }), scene.client({ user: 'bob' })];
    const channel = await subscribe(ann, 'presence-cache-room');
    await subscribe(bob, 'presence-cache-room');
    channel.trigger('client-e', {});
    await hook.until('client_event');
    ann.disconnect();
    bob.disconnect();
    await Promise.all([hook.until('member_removed'), hook.until('channel_vacated')]);
    expect(new Set(hook.names)).toEqual(
      new Set([
        'channel_occupied',
        'cache_miss',
        'member_added',
        'client_event',
        'member_removed',
        'channel_vacated',
      ]),
    );
    expect(believed.every(Boolean)).toBe(true);
  });

  it('are sent again until they are taken', async () => {
    const hook = await takeHooks();
    hook.fail = 2;
    const scene = await openScene({
      apps: [{ ...app, webhooks: [{ url: hook.url, events: ['channel_occupied'] }] }],
      times: { webhookBackoffMs: 10 },
    });
    await subscribe(scene.client(), 'room');
    await hook.until('channel_occupied');
    expect(hook.names).toEqual(['channel_occupied']);
  });

  it('say nothing of who comes back before a leave was told', async () => {
    const hook = await takeHooks();
    const scene = await openScene({
      apps: [
        { ...app, webhooks: [{ url: hook.url, events: ['channel_occupied', 'channel_vacated'] }] },
      ],
      times: { webhookLeaveMs: 200 },
    });
    const one = scene.client();
    await subscribe(one, 'room');
    one.unsubscribe('room');
    await settled(scene, one);
    await subscribe(one, 'room');
    await subscribe(one, 'end');
    await hook.until('channel_occupied');
    expect(hook.names).not.toContain('channel_vacated');
  });
});
