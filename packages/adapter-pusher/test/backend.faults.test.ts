/** What an app's backend can do wrong, or refuse: each with its code, and nothing else disturbed. */
import { defineChannels, event, presence, type Auth } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import { expect, it } from 'vitest';
import { openScene } from './backend-scene.ts';

it('a token that has expired is renewed: asked again as `refused`, and the publish is accepted', async () => {
  const scene = await openScene({
    backend: {
      authenticate({ token }) {
        if (token !== 'good') throw new RealtimeError('token_expired', 'too old');
        return { clientId: 'ann' };
      },
    },
  });
  const reasons: string[] = [];
  const auth: Auth = ({ reason }) => {
    reasons.push(reason);
    return reasons.length === 1 ? 'old' : 'good';
  };
  const realtime = scene.client('ann', {}, { auth });
  expect((await realtime.channel('room').publish('said', 1)).level).toBe('accepted');
  expect(reasons.slice(0, 2)).toEqual(['connect', 'refused']);
});

it('a token that expires while it is connected is renewed by the next request, and the publish is accepted', async () => {
  const valid = new Set(['first']);
  const scene = await openScene({
    backend: {
      authenticate({ token = '' }) {
        if (!valid.has(token)) throw new RealtimeError('token_expired', 'too old');
        return { clientId: 'ann' };
      },
    },
  });
  const tokens = ['first', 'second'];
  let asked = 0;
  const realtime = scene.client('ann', {}, { auth: () => tokens[Math.min(asked++, 1)] as string });
  const room = realtime.channel('room');
  await room.publish('said', 1);
  valid.delete('first');
  valid.add('second');
  expect((await room.publish('said', 2)).level).toBe('accepted');
  expect(asked).toBe(2);
});

it('a channel that the app forbids is `forbidden`, and another attaches', async () => {
  const scene = await openScene({
    backend: { authorize: ({ channel }) => channel !== 'closed' },
  });
  const realtime = scene.client();
  await expect(realtime.channel('closed').attach()).rejects.toMatchObject({ code: 'forbidden' });
  await realtime.channel('open').attach();
  expect(realtime.connection.state.get()).toBe('connected');
});

it('a backend with a wrong secret is `auth_failed` for its channels, and the connection lives', async () => {
  const scene = await openScene({ secret: 'another' });
  const realtime = scene.client('ann', {}, { timeoutMs: 400 });
  const room = realtime.channel('room');
  const refused = new Promise<unknown>((resolve) => {
    room.state.subscribe((state) => state === 'suspended' && resolve(room.error));
  });
  await expect(room.attach()).rejects.toThrow();
  expect(await refused).toMatchObject({ code: 'auth_failed' });
  expect(realtime.connection.state.get()).toBe('connected');
});

it('a message over 10 KB is `payload_too_large`, and the one after it is accepted', async () => {
  const scene = await openScene();
  const room = scene.client().channel('room');
  const large = room.publish('said', 'x'.repeat(11_000));
  await expect(large).rejects.toMatchObject({ code: 'payload_too_large' });
  expect((await room.publish('said', 'small')).level).toBe('accepted');
});

it('the 3rd member of a channel for 2 is `limit_exceeded`, the 2 stay, and it still hears messages', async () => {
  const channels = defineChannels({
    room: { events: { said: event<number>() }, presence: presence<{ name: string }>() },
  });
  const scene = await openScene({
    service: { limits: { presenceMembers: 2 } },
    backend: { channels },
  });
  const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((name) =>
    scene.client(name, {}, { timeoutMs: 2_000 }).channel('room'),
  );
  if (!ann || !bob || !eve) throw new Error('three');
  await ann.presence.enter({ name: 'Ann' });
  await bob.presence.enter({ name: 'Bob' });
  const heard: unknown[] = [];
  eve.on('said', (data) => void heard.push(data));
  await eve.attach();
  await expect(eve.presence.enter({ name: 'Eve' })).rejects.toMatchObject({
    code: 'limit_exceeded',
  });
  await ann.publish('said', 1);
  await expect.poll(() => heard).toEqual([1]);
  await expect.poll(() => ann.presence.members.get()).toHaveLength(2);
});

it('a backend that fails once with 500 is tried again, and the message is heard once', async () => {
  const scene = await openScene();
  const [ann, bob] = [scene.client('ann').channel('room'), scene.client('bob').channel('room')];
  const heard: unknown[] = [];
  bob.on('said', (data) => void heard.push(data));
  await bob.attach();
  scene.service.failHttp(1);
  expect((await ann.publish('said', 1)).level).toBe('accepted');
  await ann.publish('said', 2);
  await expect.poll(() => heard).toEqual([1, 2]);
});
