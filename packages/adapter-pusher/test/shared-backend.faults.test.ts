/** A client of the app's, with a backend: what its own loop does not know, that the backend refuses, is renewed all the same. */
import { createRealtime, type Auth, type Realtime } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import PusherClient from 'pusher-js';
import { expect, it } from 'vitest';
import { pusher } from '../src/index.ts';
import { app, atEnd, openScene, type Scene } from './backend-scene.ts';

/** @param token - With which the app's client asks for signatures by itself. */
function sharing(scene: Scene, auth: Auth, token = (): string => 'ann'): Realtime {
  const client = new PusherClient(app.key, {
    cluster: '',
    enabledTransports: ['ws'],
    ...scene.options,
    channelAuthorization: {
      endpoint: `${scene.url}/pusher/auth`,
      transport: 'ajax',
      headersProvider: () => ({ Authorization: `Bearer ${token()}` }),
    },
  });
  atEnd(() => client.disconnect());
  const realtime = createRealtime({
    adapter: pusher({ client, backend: scene.url }),
    ...{ auth, reconnectMinMs: 20, reconnectMaxMs: 100, log: () => {} },
  });
  atEnd(() => realtime.close());
  return realtime;
}

it('a backend that is down for the first 2 requests is asked again, and it connects', async () => {
  const scene = await openScene();
  let requests = 0;
  scene.before = (request) => {
    if (requests++ < 2) request.socket.destroy();
  };
  const realtime = sharing(scene, () => 'ann');
  await realtime.connection.connect();
  expect(realtime.connection.clientId).toBe('ann');
  expect((await realtime.channel('room').publish('said', 1)).level).toBe('accepted');
});

it('a token that the backend does not take is renewed, and it connects', async () => {
  const scene = await openScene({
    backend: {
      authenticate({ token }) {
        if (token !== 'good') throw new RealtimeError('token_expired', 'too old');
        return { clientId: 'ann' };
      },
    },
  });
  const reasons: string[] = [];
  const realtime = sharing(scene, ({ reason }) => {
    reasons.push(reason);
    return reasons.length === 1 ? 'old' : 'good';
  });
  await realtime.connection.connect();
  expect(reasons).toEqual(['connect', 'refused']);
});

it('a token that expires while it is connected is renewed, the publish is accepted, and the channel hears on', async () => {
  let valid = 'first';
  const scene = await openScene({
    backend: {
      authenticate({ token }) {
        if (token !== valid) throw new RealtimeError('token_expired', 'too old');
        return { clientId: 'ann' };
      },
    },
  });
  const current = (): string => valid;
  const realtime = sharing(scene, current, current);
  const room = realtime.channel('room');
  const heard: unknown[] = [];
  room.on('said', (data) => void heard.push(data));
  await room.attach();
  await room.publish('said', 1);
  valid = 'second';
  expect((await room.publish('said', 2)).level).toBe('accepted');
  await room.attach();
  await scene.backend.publish('room', 'said', 3);
  await expect.poll(() => heard).toEqual([1, 2, 3]);
});
