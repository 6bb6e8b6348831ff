/** Channels of every kind, their signatures, client events, members. @see SOURCE.md#channels */
import { describe, expect, it } from 'vitest';
import {
  app,
  atEnd,
  connected,
  errorsOf,
  listen,
  next,
  openScene,
  Pusher,
  settled,
  subscribe,
} from './scene.ts';

describe('a channel', () => {
  it.each([
    'room',
    'private-room',
    'presence-room',
    'private-encrypted-room',
    'cache-room',
    'private-cache-room',
    'presence-cache-room',
    'private-encrypted-cache-room',
  ])('%s hears what the app triggers, as it was sent', async (name) => {
    const { client, sdk } = await openScene();
    const channel = await subscribe(client({ user: 'ann' }), name);
    const heard = next(channel, 'news');
    await sdk.trigger(name, 'news', { text: 'hi', list: [1, null] });
    expect(await heard).toEqual({ text: 'hi', list: [1, null] });
  });

  it('is heard again after a drop, confirmed anew, and nothing of the meantime comes', async () => {
    const scene = await openScene();
    const one = scene.client();
    const channel = await subscribe(one, 'room');
    const heard = listen(channel);
    scene.service.drop();
    await next(one.connection, 'connecting_in');
    await scene.sdk.trigger('room', 'missed', {});
    await next(channel, 'pusher:subscription_succeeded');
    await scene.sdk.trigger('room', 'after', {});
    await settled(scene, one);
    expect(heard.map(([event]) => event)).toEqual(['pusher:subscription_succeeded', 'after']);
  });

  it('is left without an answer, and hears nothing more', async () => {
    const scene = await openScene();
    const one = scene.client();
    const channel = await subscribe(one, 'room');
    const heard = listen(channel);
    one.unsubscribe('room');
    await settled(scene, one);
    await scene.sdk.trigger('room', 'e', {});
    await settled(scene, one);
    expect(heard).toEqual([]);
  });

  it('that is private needs a signature over socket id and name; a forged one is an error without code and channel', async () => {
    const { client, service } = await openScene();
    const forge = (_: object, answer: (error: null, data: object) => void): void =>
      void setImmediate(() => answer(null, { auth: `key:${'0'.repeat(64)}` }));
    const one = client({ channelAuthorization: { customHandler: forge } as never });
    await connected(one);
    const neighbour = client();
    await subscribe(neighbour, 'private-room');
    const errors = errorsOf(one);
    const channel = one.subscribe('private-room');
    await next(one.connection, 'error');
    const id = one.connection.socket_id;
    expect(errors).toEqual([
      [
        null,
        `Invalid signature: Expected HMAC SHA256 hex digest of ${id}:private-room, but got ${'0'.repeat(64)}`,
      ],
    ]);
    expect([channel.subscribed, channel.subscriptionPending]).toEqual([false, true]);
    expect([neighbour.connection.state, service.connections().length]).toEqual(['connected', 2]);
  });

  it('that is refused by a server of the other family is told in its channel', async () => {
    const { client } = await openScene({ variant: 'soketi' });
    const forge = (_: object, answer: (error: null, data: object) => void): void =>
      void setImmediate(() => answer(null, { auth: 'key:0' }));
    const channel = client({ channelAuthorization: { customHandler: forge } as never }).subscribe(
      'private-room',
    );
    expect(await next(channel, 'pusher:subscription_error')).toMatchObject({
      type: 'AuthError',
      status: 401,
    });
  });

  it.each([
    ['the key of another app', 'other:00', "Invalid key in subscription auth data: 'other'"],
    ['no key', '', "Invalid key in subscription auth data: ''"],
  ])('refuses %s by name', async (_, auth, says) => {
    const { client } = await openScene({ apps: [app, { id: '2', key: 'other', secret: 'x' }] });
    const sign = (__: object, answer: (error: null, data: object) => void): void =>
      void setImmediate(() => answer(null, { auth }));
    const one = client({ channelAuthorization: { customHandler: sign } as never });
    const errors = errorsOf(one);
    one.subscribe('private-room');
    await next(one.connection, 'error');
    expect(errors).toEqual([[null, says]]);
  });

  it('signs channel_data on a private channel, too: changed data are a wrong signature', async () => {
    const { client, sdk } = await openScene();
    const sign =
      (data: string) =>
      (
        { socketId, channelName }: { socketId: string; channelName: string },
        answer: (error: null, signed: object) => void,
      ): void => {
        const { auth } = sdk.authorizeChannel(socketId, channelName);
        setImmediate(() => answer(null, { auth, channel_data: data }));
      };
    const one = client({ channelAuthorization: { customHandler: sign('{"x":1}') } as never });
    const errors = errorsOf(one);
    one.subscribe('private-room');
    await next(one.connection, 'error');
    expect(errors[0]?.[1]).toContain(':private-room:{"x":1}, but got');
  });

  it.each(['bad name', 'a:b', 'x'.repeat(165), 'é'])('named %s is refused', async (name) => {
    const { client } = await openScene();
    const one = client();
    const errors = errorsOf(one);
    one.subscribe(name);
    await next(one.connection, 'error');
    expect(errors).toEqual([[null, `Invalid channel name: '${name}'`]]);
  });

  it('subscribed twice on one connection is an error that names it, and stays', async () => {
    const scene = await openScene();
    const one = scene.client();
    const channel = await subscribe(one, 'room');
    const errors = errorsOf(one);
    one.send_event('pusher:subscribe', { channel: 'room' });
    await next(one.connection, 'error');
    expect(errors).toEqual([[null, 'Existing subscription to channel room']]);
    const heard = next(channel, 'e');
    await scene.sdk.trigger('room', 'e', {});
    await heard;
  });

  it('whose answer is held back is confirmed when the test lets it', async () => {
    const { client, service } = await openScene();
    const one = client();
    await connected(one);
    service.holdSubscriptions();
    const channel = one.subscribe('room');
    const pong = next(one.connection, 'message');
    one.send_event('pusher:ping', {});
    await pong;
    expect(channel.subscribed).toBe(false);
    const confirmed = next(channel, 'pusher:subscription_succeeded');
    service.releaseSubscriptions();
    await confirmed;
  });

  it('counts its subscribers where the app wants it, and never those of presence channels', async () => {
    const { client } = await openScene({ apps: [{ ...app, subscriptionCounting: true }] });
    const first = await subscribe(client(), 'room');
    const counted = next(first, 'pusher:subscription_count');
    await subscribe(client(), 'room');
    expect(await counted).toEqual({ subscription_count: 2 });
  });
});

describe('a cache channel', () => {
  it('tells a miss, then gives its last event to who comes later, for half an hour', async () => {
    const scene = await openScene({ times: { cacheMs: 100 } });
    const first = scene.client();
    const channel = first.subscribe('cache-room');
    await next(channel, 'pusher:cache_miss');
    await scene.sdk.trigger('cache-room', 'one', { n: 1 });
    await scene.sdk.trigger('cache-room', 'two', { n: 2 });
    const late = scene.client().subscribe('cache-room');
    expect(await next(late, 'two')).toEqual({ n: 2 });
    await new Promise((resolve) => setTimeout(resolve, 120)); // its age is what is tested
    const later = scene.client().subscribe('cache-room');
    await next(later, 'pusher:cache_miss');
  });

  it('does not keep client events', async () => {
    const scene = await openScene();
    const [one, two] = [scene.client(), scene.client()];
    const sender = await subscribe(one, 'private-cache-room');
    const heard = next(await subscribe(two, 'private-cache-room'), 'client-e');
    sender.trigger('client-e', {});
    await heard;
    await next(scene.client().subscribe('private-cache-room'), 'pusher:cache_miss');
  });
});

describe('a client event', () => {
  it('reaches the others as it was sent, never its sender, and carries the user of a presence channel', async () => {
    const scene = await openScene();
    const [ann, bob] = [scene.client({ user: 'ann' }), scene.client({ user: 'bob' })];
    const sender = await subscribe(ann, 'presence-room');
    const receiver = await subscribe(bob, 'presence-room');
    const own = listen(sender);
    const heard = new Promise((resolve) =>
      receiver.bind('client-e', (data: unknown, meta: unknown) => resolve([data, meta])),
    );
    expect(sender.trigger('client-e', { text: '123' })).toBe(true);
    expect(await heard).toEqual([{ text: '123' }, { user_id: 'ann' }]);
    await settled(scene, ann);
    expect(own.filter(([event]) => event === 'client-e')).toEqual([]);
  });

  it.each([
    [
      'in a public channel',
      'room',
      {},
      'Client event rejected - only supported on private and presence channels',
    ],
    [
      'that an app has not switched on',
      'private-room',
      { clientEvents: false },
      'To send client events, you must enable this feature in the Settings page of your dashboard.',
    ],
  ])('%s is refused', async (_, name, more, says) => {
    const { client } = await openScene({ apps: [{ ...app, ...more }] });
    const one = client();
    const errors = errorsOf(one);
    await subscribe(one, name);
    one.send_event('client-e', {}, name);
    await next(one.connection, 'error');
    expect(errors).toEqual([[null, says]]);
  });

  it('to a channel without a subscription is refused by name', async () => {
    const { client } = await openScene();
    const one = client();
    await connected(one);
    const errors = errorsOf(one);
    one.send_event('client-e', {}, 'private-room');
    await next(one.connection, 'error');
    expect(errors).toEqual([
      [null, 'Cannot broadcast client event (connection not subscribed to channel private-room)'],
    ]);
  });

  it('beyond 10 in a second is refused with 4301, without its channel, and dropped', async () => {
    const scene = await openScene();
    const [one, two] = [scene.client(), scene.client()];
    const sender = await subscribe(one, 'private-room');
    const heard = listen(await subscribe(two, 'private-room'));
    const errors = errorsOf(one);
    for (let n = 0; n < 12; n++) sender.trigger('client-e', { n });
    await next(one.connection, 'error');
    await settled(scene, one);
    await settled(scene, two);
    expect(errors.map(([code]) => code)).toEqual([4301, 4301]);
    expect(heard.map(([, data]) => (data as { n: number }).n)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it('over 10 KB is refused', async () => {
    const { client } = await openScene();
    const one = client();
    const sender = await subscribe(one, 'private-room');
    const errors = errorsOf(one);
    sender.trigger('client-e', 'x'.repeat(10_240));
    await next(one.connection, 'error');
    expect(errors[0]?.[1]).toContain('exceeds the allowed maximum');
  });

  it('of an encrypted channel is refused by pusher-js itself', async () => {
    const { client } = await openScene();
    const channel = await subscribe(client(), 'private-encrypted-room');
    expect(() => channel.trigger('client-e', {})).toThrow(/encrypted/);
    expect(() => channel.trigger('e', {})).toThrow();
  });
});

describe('members', () => {
  it('are there on subscribing, come and go once for each user, over all of its connections', async () => {
    const scene = await openScene();
    const ann = await subscribe(
      scene.client({ user: 'ann', info: { name: 'Ann' } }),
      'presence-room',
    );
    expect([ann.members.count, ann.members.me]).toEqual([1, { id: 'ann', info: { name: 'Ann' } }]);
    const edges: [string, string][] = [];
    for (const event of ['pusher:member_added', 'pusher:member_removed'])
      ann.bind(event, ({ id }: { id: string }) => edges.push([event.slice(14), id]));
    const [tab, phone] = [
      scene.client({ user: 'bob', info: { n: 1 } }),
      scene.client({ user: 'bob', info: { n: 2 } }),
    ];
    await subscribe(tab, 'presence-room');
    const second = await subscribe(phone, 'presence-room');
    // The first connection's data count.
    expect(second.members.get('bob')).toEqual({ id: 'bob', info: { n: 1 } });
    tab.disconnect();
    phone.unsubscribe('presence-room');
    await next(ann, 'pusher:member_removed');
    expect(edges).toEqual([
      ['added', 'bob'],
      ['removed', 'bob'],
    ]);
  });

  it('whose removal is delayed are still there for those who come, and not told when they come back', async () => {
    const scene = await openScene();
    const one = scene.client({ user: 'ann' });
    const heard = listen(await subscribe(one, 'presence-room'));
    scene.service.delayMemberRemoval(60_000);
    const bob = scene.client({ user: 'bob' });
    await subscribe(bob, 'presence-room');
    bob.disconnect();
    await settled(scene, scene.client());
    const late = await subscribe(scene.client({ user: 'eve' }), 'presence-room');
    expect(late.members.count).toBe(3);
    await settled(scene, one);
    expect(heard.map(([event]) => event)).toEqual(['pusher:member_added', 'pusher:member_added']);
  });

  it('beyond 100 are refused, and nobody else is disturbed', async () => {
    const scene = await openScene({ limits: { presenceMembers: 2 } });
    const first = await subscribe(scene.client({ user: 'u1' }), 'presence-room');
    await subscribe(scene.client({ user: 'u2' }), 'presence-room');
    const third = scene.client({ user: 'u3' });
    const errors = errorsOf(third);
    third.subscribe('presence-room');
    await next(third.connection, 'error');
    expect(errors).toEqual([[null, 'Presence channel member limit of 2 reached (presence-room)']]);
    expect(first.members.count).toBe(2);
    // A second connection of one who is there is no other member.
    await subscribe(scene.client({ user: 'u1' }), 'presence-room');
  });

  it.each([
    ['an id over 128 characters', 'u'.repeat(129), {}, 'user_id exceeds 128 characters'],
    ['data over 1 KB', 'u', { x: 'x'.repeat(1_024) }, 'user_info exceeds 1024 bytes'],
  ])('with %s are refused', async (_, user, info, says) => {
    const { client } = await openScene();
    const one = client({ user, info });
    const errors = errorsOf(one);
    one.subscribe('presence-room');
    await next(one.connection, 'error');
    expect(errors).toEqual([[null, says]]);
  });

  it('named like members of every object are members like others', async () => {
    const { client } = await openScene();
    const channel = await subscribe(client({ user: '__proto__' }), 'presence-room');
    expect(channel.members.count).toBe(1);
  });
});

it('a sequence of 20 channels is subscribed by one connection, each confirmed once', async () => {
  const scene = await openScene();
  const one = scene.client();
  const names = Array.from({ length: 20 }, (_, n) => `room-${n}`);
  const channels = await Promise.all(names.map((name) => subscribe(one, name)));
  const heard = Promise.all(channels.map((channel) => next(channel, 'e')));
  await scene.sdk.trigger(names, 'e', { n: 1 });
  expect(await heard).toHaveLength(20);
  atEnd(() => Pusher.instances.splice(0));
});
