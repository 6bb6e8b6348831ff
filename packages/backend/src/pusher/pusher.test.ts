/** The vendor's own libraries on both sides: `pusher` in the provider, `pusher-js` as the client, the emulator between them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  startPusher,
  type PusherServer,
  type PusherServerOptions,
} from '@anywire/emulators/pusher';
import { memory } from '@anywire/server/store';
import PusherClient, { type Channel } from 'pusher-js';
import { afterEach, describe, expect, it } from 'vitest';
import { createBackend, type Backend, type BackendEvent, type BackendOptions } from '../index.ts';
import { toNodeListener } from '../node.ts';
import { pusher } from './pusher.ts';

const app = { id: '1', key: 'key', secret: 'secret' };
const encryptionMasterKeyBase64 = Buffer.alloc(32, 7).toString('base64');

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Scene {
  readonly service: PusherServer;
  readonly backend: Backend;
  readonly url: string;
  readonly events: BackendEvent[];
  /** Answers once `count` events have come. */
  heard(count: number): Promise<readonly BackendEvent[]>;
  client(options?: object): PusherClient;
}

async function open(
  options: Partial<BackendOptions> = {},
  more: { readonly secret?: string; readonly service?: Partial<PusherServerOptions> } = {},
): Promise<Scene> {
  const events: BackendEvent[] = [];
  let told = (): void => {};
  const http = createServer((request, response) => toNodeListener(backend)(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
  const webhooks = [{ url: `${url}/webhooks` }];
  const service = await startPusher({ apps: [{ ...app, webhooks }], ...more.service });
  const { host, port } = service;
  const backend: Backend = createBackend({
    provider: pusher({
      ...{
        appId: app.id,
        key: app.key,
        secret: more.secret ?? app.secret,
        encryptionMasterKeyBase64,
      },
      ...{ host, port, useTLS: false },
    }),
    log: () => {},
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    onEvent(event) {
      events.push(event);
      told();
    },
    ...options,
  });
  ends.push(async () => {
    await service.close();
    await backend.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return {
    ...{ service, backend, url, events },
    heard: (count) =>
      new Promise((resolve) => {
        told = () => events.length >= count && resolve(events);
        told();
      }),
    client(given = {}) {
      const socket = { wsHost: host, wsPort: port, forceTLS: false, enabledTransports: ['ws'] };
      const client = new PusherClient(app.key, { cluster: '', ...socket, ...given } as never);
      ends.push(() => client.disconnect());
      return client;
    },
  };
}

/** What plain pusher-js is told about an app's endpoints. */
const endpoints = (url: string, token: string): object => {
  const headers = { authorization: `Bearer ${token}` };
  return {
    channelAuthorization: { endpoint: `${url}/pusher/auth`, transport: 'ajax', headers },
    userAuthentication: { endpoint: `${url}/pusher/user-auth`, transport: 'ajax', headers },
  };
};

const once = (
  from: { bind(event: string, heard: (data: never) => void): unknown },
  event: string,
): Promise<never> => new Promise((resolve) => from.bind(event, resolve));
const subscribed = (channel: Channel): Promise<never> =>
  once(channel, 'pusher:subscription_succeeded');

describe('plain pusher-js with pusher/auth', () => {
  it('subscribes to a private, a presence and an encrypted channel, and hears 1 event on each', async () => {
    const channels = { 'secret-{n}': { kind: 'encrypted' }, '{n}': { presence: {} } } as const;
    const { client, backend, url } = await open({ channels });
    const ann = client(endpoints(url, 'ann'));
    const room = ann.subscribe('private-room=3A42');
    const secret = ann.subscribe('private-encrypted-secret-1');
    const members = ann.subscribe('presence-room=3A42') as Channel & { members: { me: unknown } };
    await Promise.all([room, secret, members].map(subscribed));
    expect(members.members.me).toMatchObject({ info: { c: 'ann', i: '', d: null } });
    const heard = [once(room, 'said'), once(secret, 'said')];
    await backend.publish('room:42', 'said', { n: 1 }, { id: 'order-7' });
    await backend.publish('secret-1', 'said', 'psst');
    expect(await Promise.all(heard)).toMatchObject([
      { aw: { i: 'order-7' }, d: { n: 1 } },
      { d: 'psst' },
    ]);
  });

  it('signs in as the user that the app names', async () => {
    const { client, url } = await open();
    const ann = client(endpoints(url, 'ann'));
    await once(ann.connection, 'connected');
    ann.signin();
    expect(await once(ann.connection, 'message')).toMatchObject({ event: 'pusher:signin_success' });
  });

  it('is refused with 403 where the app says no, for a name that is none of ours with 400', async () => {
    const { client, url } = await open({ authorize: ({ channel }) => channel === 'mine' });
    const eve = client(endpoints(url, 'eve'));
    const refusals = ['private-room', 'private-cache-x', 'private-mine'].map((name) => {
      const channel = eve.subscribe(name);
      return Promise.race([
        subscribed(channel).then(() => 'subscribed'),
        once(channel, 'pusher:subscription_error').then(({ status }) => status as number),
      ]);
    });
    expect(await Promise.all(refusals)).toEqual([403, 400, 'subscribed']);
  });
});

describe('a signature', () => {
  it('made with another secret is refused by the service, which names the channel', async () => {
    const { client, url } = await open({}, { secret: 'another' });
    const eve = client(endpoints(url, 'eve'));
    await once(eve.connection, 'connected');
    eve.subscribe('private-room');
    const { data } = (await once(eve.connection, 'error')) as { data: object };
    expect(data).toMatchObject({
      message: expect.stringContaining(':private-room') as string,
    });
  });

  it('is not made for what is no socket id, which could sign another channel with it', async () => {
    const { url } = await open();
    const ask = async (connectionRef: string): Promise<number> => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer eve' };
      const body = JSON.stringify({ channel: 'room', connectionRef });
      return (await fetch(`${url}/auth`, { method: 'POST', headers, body })).status;
    };
    expect(await ask('1.2')).toBe(200);
    for (const wrong of ['', '1.2:private-x', '1.2\n', 'x']) expect(await ask(wrong)).toBe(400);
  });
});

describe('a publish through the vendor’s library', () => {
  it('sends 25 messages in their order, and leaves out the connection that is excepted', async () => {
    const { client, backend, url } = await open({ store: memory() });
    const [ann, bob] = [client(endpoints(url, 'ann')), client(endpoints(url, 'bob'))];
    const rooms = [ann.subscribe('private-room'), bob.subscribe('private-room')];
    await Promise.all(rooms.map(subscribed));
    const got: unknown[] = [];
    rooms[0]?.bind('not to ann', () => got.push('wrong'));
    rooms[0]?.bind('n', ({ d }: { d: number }) => got.push(d));
    const last = once(rooms[0] as Channel, 'last');
    const except = ann.connection.socket_id;
    await backend.publish('room', 'not to ann', 0, { except });
    for (let n = 1; n <= 24; n++) await backend.publish('room', 'n', n);
    await backend.publish('room', 'last', 25);
    expect(await last).toMatchObject({
      aw: { s: 26, k: expect.stringMatching(/^[\w-]+:26:/) as string },
    });
    expect(got).toEqual(Array.from({ length: 24 }, (_, at) => at + 1));
  });

  it.each([
    [500, 'server_error'],
    [413, 'payload_too_large'],
    [400, 'invalid'],
    [429, 'rate_limited'],
    // Its key is wrong, or used up: what the client sends is right.
    [401, 'server_error'],
    [403, 'server_error'],
  ])('is refused by the status %i, told as %s', async (status, code) => {
    const { service, backend } = await open();
    service.failHttp(1, status);
    await expect(backend.publish('room', 'e', 1)).rejects.toMatchObject({ code });
    expect(await backend.publish('room', 'e', 1)).toMatchObject({ level: 'accepted' });
  });

  it('is refused as server_error when nobody answers, and may be tried again with its id', async () => {
    const { service, backend } = await open();
    await service.close();
    await expect(backend.publish('room', 'e', 1, { id: 'a:1' })).rejects.toMatchObject({
      ...{ code: 'server_error', retryable: true },
      message: expect.stringContaining('did not answer') as string,
    });
  });

  it('of more than 10 KB, and to an encrypted channel without a key, is refused before it is stored', async () => {
    const channels = {
      'secret-{n}': { kind: 'encrypted', history: true },
      '{n}': { history: true },
    };
    const { service } = await open();
    const { host, port } = service;
    const provider = pusher({
      ...{ appId: '1', key: 'key', secret: 'secret', host, port, useTLS: false },
    });
    const backend = createBackend({
      provider,
      channels: channels as never,
      store: memory(),
      log: () => {},
    });
    const tooLarge = backend.publish('room', 'e', new Uint8Array(8_000));
    await expect(tooLarge).rejects.toMatchObject({ code: 'payload_too_large' });
    await expect(backend.publish('secret-1', 'e', 1)).rejects.toMatchObject({ code: 'invalid' });
    expect(await backend.publish('room', 'e', 1)).toMatchObject({ serial: 1 });
    await backend.close();
  });
});

describe('webhooks', () => {
  it('are told as 4 events of the app’s own names', async () => {
    const service = { times: { webhookLeaveMs: 10 } };
    const { client, url, heard } = await open({}, { service });
    const ann = client(endpoints(url, 'ann'));
    await subscribed(ann.subscribe('presence-room=3A42'));
    await heard(2);
    ann.disconnect();
    const member = { channel: 'room:42', clientId: 'ann', instanceId: '' };
    const events = await heard(4);
    expect(events).toHaveLength(4);
    expect(events).toEqual(
      expect.arrayContaining([
        { type: 'occupied', channel: 'room:42' },
        { type: 'enter', ...member },
        { type: 'leave', ...member },
        { type: 'vacated', channel: 'room:42' },
      ]),
    );
  });

  it('with a body that was changed by 1 space, another key or no signature are refused with 403', async () => {
    const { createHmac } = await import('node:crypto');
    const { url, events } = await open();
    const body = JSON.stringify({
      time_ms: 1,
      events: [{ name: 'channel_occupied', channel: 'é' }],
    });
    const signature = createHmac('sha256', app.secret).update(body).digest('hex');
    const post = async (text: string, headers: Record<string, string>): Promise<number> => {
      const all = { 'content-type': 'application/json; charset=utf-8', ...headers };
      return (await fetch(`${url}/webhooks`, { method: 'POST', headers: all, body: text })).status;
    };
    const signed = { 'x-pusher-key': app.key, 'x-pusher-signature': signature };
    expect(await post(body, signed)).toBe(200);
    expect(events).toEqual([{ type: 'occupied', channel: 'é' }]);
    expect(await post(`${body} `, signed)).toBe(403);
    expect(await post(body, { ...signed, 'x-pusher-key': 'other' })).toBe(403);
    expect(await post(body, {})).toBe(403);
    expect(events).toHaveLength(1);
  });
});

it.each([
  [{ appId: '' }, 'appId'],
  [{ key: '' }, 'key'],
  [{ secret: '' }, 'secret'],
  [{ host: '' }, 'cluster'],
])('pusher(%j) says that %s is missing', (wrong, name) => {
  const options = { appId: '1', key: 'key', secret: 'secret', host: '127.0.0.1', ...wrong };
  expect(() => pusher(options)).toThrow(new RegExp(`\\[anywire:invalid\\].*${name}`));
});
