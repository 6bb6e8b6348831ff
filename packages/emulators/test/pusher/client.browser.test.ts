/** The vendor's build for pages, in a page, against the emulator: its own WebSocket, its own requests for signatures. */
import PusherJs, { type Options } from 'pusher-js/with-encryption';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type {} from '../../../../tests/support/browser-setup.ts';
import { connected, errorsOf, listen, next, subscribe, type Client } from './listening.ts';

const port = inject('pusherPort');
const remote = inject('pusherRemote');
const clients: Client[] = [];
let rooms = 0;
const room = (kind = ''): string => `${kind}room-${++rooms}`;

afterEach(() => {
  for (const one of clients.splice(0)) one.disconnect();
});

async function ask(path: string, ...given: unknown[]): Promise<unknown> {
  const response = await fetch(`${remote}/${path}`, {
    method: 'POST',
    body: JSON.stringify(given),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
const trigger = (...given: [channel: string, event: string, data: unknown]): Promise<unknown> =>
  ask('trigger', ...given);
/** One of the controls of the emulator, for one client. */
const control = (name: string, one: Client, ...given: unknown[]): Promise<unknown> =>
  ask('do', name, ...given, { socketId: one.connection.socket_id });

/** Signs by requests of pusher-js itself, to a server of another origin. */
function client(query = 'user=ann', more: Partial<Options> = {}, key = 'key'): Client {
  const transport = 'ajax' as const;
  const one = new PusherJs(key, {
    ...{ cluster: '', wsHost: '127.0.0.1', wsPort: port, forceTLS: false },
    enabledTransports: ['ws'],
    channelAuthorization: { transport, endpoint: `${remote}/auth?${query}` },
    userAuthentication: { transport, endpoint: `${remote}/user-auth?${query}` },
    ...more,
  });
  clients.push(one);
  return one;
}

describe('channels in a page', () => {
  it.each([
    '',
    'private-',
    'presence-',
    'private-encrypted-',
    'cache-',
    'private-cache-',
    'presence-cache-',
    'private-encrypted-cache-',
  ])('of kind "%s" hear what the app triggers, as it was sent', async (kind) => {
    const channel = await subscribe(client(), room(kind));
    const heard = next(channel, 'news');
    await trigger(channel.name, 'news', { text: 'hé', list: [1, null] });
    expect(await heard).toEqual({ text: 'hé', list: [1, null] });
  });

  it('that a server of the app refuses say its status, and disturb nobody', async () => {
    const name = room('private-');
    const neighbour = await subscribe(client(), name);
    const refused = client('refuse').subscribe(name);
    expect(await next(refused, 'pusher:subscription_error')).toMatchObject({ status: 403 });
    const heard = next(neighbour, 'e');
    await trigger(name, 'e', 1);
    expect(await heard).toBe(1);
  });

  it('signed for another channel are an error without code and channel', async () => {
    const other = room('private-');
    const one = client('', {
      channelAuthorization: {
        transport: 'ajax',
        endpoint: '',
        customHandler({ socketId }, answer) {
          const body = new URLSearchParams({ socket_id: socketId, channel_name: other });
          void fetch(`${remote}/auth`, { method: 'POST', body })
            .then((response) => response.json())
            .then((signed) => answer(null, signed as never));
        },
      },
    });
    const errors = errorsOf(one);
    const channel = one.subscribe(room('private-'));
    await next(one.connection, 'error');
    expect(errors).toEqual([[null, expect.stringContaining('Invalid signature: Expected HMAC')]]);
    expect(channel.subscriptionPending).toBe(true);
  });

  it('with a cache tell a miss, and give their last event to who comes later', async () => {
    const name = room('cache-');
    await next(client().subscribe(name), 'pusher:cache_miss');
    await trigger(name, 'last', { n: 1 });
    expect(await next(client().subscribe(name), 'last')).toEqual({ n: 1 });
  });

  it('carry client events to the others, with their user, and refuse the 11th in a second', async () => {
    const name = room('presence-');
    const [ann, bob] = [client('user=ann'), client('user=bob')];
    const sender = await subscribe(ann, name);
    const receiver = await subscribe(bob, name);
    const [own, heard] = [listen(sender), listen(receiver)];
    const users: unknown[] = [];
    receiver.bind('client-e', (_: unknown, { user_id }: { user_id: string }) =>
      users.push(user_id),
    );
    const errors = errorsOf(ann);
    for (let n = 0; n < 11; n++) sender.trigger('client-e', { n });
    await next(ann.connection, 'error');
    const after = next(receiver, 'after');
    await trigger(name, 'after', {});
    await after;
    expect(errors.map(([code]) => code)).toEqual([4301]);
    expect(heard.filter(([event]) => event === 'client-e')).toHaveLength(10);
    expect(users).toEqual(Array(10).fill('ann'));
    expect(own.filter(([event]) => event === 'client-e')).toEqual([]);
  });

  it('show their members come and go', async () => {
    const name = room('presence-');
    const ann = await subscribe(client('user=ann'), name);
    const added = next(ann, 'pusher:member_added');
    const bob = client('user=bob');
    expect((await subscribe(bob, name)).members.count).toBe(2);
    expect(await added).toMatchObject({ id: 'bob' });
    const removed = next(ann, 'pusher:member_removed');
    bob.disconnect();
    expect(await removed).toMatchObject({ id: 'bob' });
    expect(ann.members.count).toBe(1);
  });
});

describe('users in a page', () => {
  it('sign in, and hear what is sent to them alone', async () => {
    const user = `u${++rooms}`;
    const [one, other] = [client(`user=${user}`), client(`user=not-${user}`)];
    const others: unknown[] = [];
    other.user.bind_global((event: string) => others.push(event));
    for (const each of [one, other]) each.signin();
    await Promise.all([one, other].map((each) => each.user.signinDonePromise));
    const heard = next(one.user, 'hello');
    await ask('send-to-user', user, 'hello', { n: 1 });
    expect(await heard).toEqual({ n: 1 });
    expect(others).toEqual([]);
  });

  it('see those on their watchlist come and go', async () => {
    const friend = `u${++rooms}`;
    const ann = client(`user=ann&watch=${friend}`);
    const offline = next(ann.user.watchlist, 'offline');
    ann.signin();
    expect(await offline).toMatchObject({ user_ids: [friend] });
    const online = next(ann.user.watchlist, 'online');
    const one = client(`user=${friend}`);
    one.signin();
    expect(await online).toMatchObject({ user_ids: [friend] });
  });
});

describe('connections of a page', () => {
  it('come back after a drop with a new id, subscribed, and nothing of the meantime comes', async () => {
    const one = client();
    const channel = await subscribe(one, room('private-'));
    const before = one.connection.socket_id;
    const heard = listen(channel);
    const back = next(channel, 'pusher:subscription_succeeded');
    await control('drop', one);
    await trigger(channel.name, 'missed', {});
    await back;
    const after = next(channel, 'after');
    await trigger(channel.name, 'after', {});
    await after;
    expect(heard.map(([event]) => event)).toEqual(['pusher:subscription_succeeded', 'after']);
    expect(one.connection.socket_id).not.toBe(before);
  });

  it('that wait for their next try do not hurry when the page is online again: they say connected still', async () => {
    const one = client();
    await connected(one);
    const paused = next(one.connection, 'connecting_in');
    await control('closeWith', one, 4100);
    await paused;
    const started = performance.now();
    window.dispatchEvent(new Event('online'));
    expect(one.connection.state).toBe('connected');
    await connected(one);
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it.each([4001, 4099, 4300])('closed with %i end for good', async (code) => {
    const one = client();
    await connected(one);
    const ended = next(one.connection, 'disconnected');
    await control('closeWith', one, code);
    await ended;
  });

  it.each([4200, 4201, 4299])('closed with %i are back at once', async (code) => {
    const one = client();
    await connected(one);
    const started = performance.now();
    const back = connected(one);
    await control('closeWith', one, code);
    await back;
    expect(performance.now() - started).toBeLessThan(900);
  });

  it.each([4100, 4199])('closed with %i wait for 1 s', async (code) => {
    const one = client();
    await connected(one);
    const paused = next(one.connection, 'connecting_in');
    await control('closeWith', one, code);
    expect(await paused).toBe(1);
    await connected(one);
  });

  it('with a key that nobody has end with 4001', async () => {
    const wrong = client('', {}, 'nokey');
    const errors = errorsOf(wrong);
    await next(wrong.connection, 'disconnected');
    expect(errors[0]?.[0]).toBe(4001);
  });

  it('that hear nothing any more ask, and come back', async () => {
    const one = client('', { activityTimeout: 200, pongTimeout: 200 });
    await connected(one);
    const asks = next(one.connection, 'connecting');
    await control('mute', one);
    await asks;
    await connected(one);
  });
});
