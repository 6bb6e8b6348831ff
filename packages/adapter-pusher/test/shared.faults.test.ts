/** A client of the app's: never disconnected, its own loop left alone, and only what is ours taken away. */
import type { ConnectionState, Realtime } from '@anywire/core';
import { afterEach, expect, it } from 'vitest';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

function reached(realtime: Realtime, wanted: ConnectionState): Promise<void> {
  return new Promise((resolve) => {
    realtime.connection.state.subscribe((state) => state === wanted && resolve());
  });
}

const subscribed = (channel: { bind(event: string, fn: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => void channel.bind('pusher:subscription_succeeded', resolve));

it('`close()` leaves it connected, with the channels of the app, and unsubscribes from ours', async () => {
  scene = await startScene();
  const library = scene.library();
  const ours = scene.sharing(library);
  const heard: unknown[] = [];
  const theirs = library.subscribe('private-theirs');
  theirs.bind('said', (data: unknown) => void heard.push(data));
  await subscribed(theirs);
  await ours.channel('room').attach();
  expect(ours.connection.id).toBe(library.connection.socket_id);
  await ours.close();
  expect(library.connection.state).toBe('connected');
  expect(library.allChannels().map(({ name }) => name)).toEqual(['private-theirs']);
  await scene.sdk.trigger('private-theirs', 'said', { n: 1 });
  await expect.poll(() => heard).toEqual([{ n: 1 }]);
  const { body } = await scene.sdk
    .get({ path: '/channels' })
    .then(async (answer) => ({ body: (await answer.json()) as { channels: object } }));
  expect(Object.keys(body.channels)).toEqual(['private-theirs']);
});

it('a channel that the app has subscribed to itself stays subscribed when ours is detached', async () => {
  scene = await startScene();
  const library = scene.library();
  const theirs = library.subscribe('private-room');
  const heard: unknown[] = [];
  theirs.bind('said', (data: unknown) => void heard.push(data));
  await subscribed(theirs);
  const ours = scene.sharing(library, { lingerMs: 0 });
  const room = ours.channel('room');
  await room.attach();
  await room.detach();
  await scene.sdk.trigger('private-room', 'said', { n: 1 });
  await expect.poll(() => heard).toEqual([{ n: 1 }]);
  await room.attach();
  await ours.close();
  await scene.sdk.trigger('private-room', 'said', { n: 2 });
  await expect.poll(() => heard).toEqual([{ n: 1 }, { n: 2 }]);
});

it('of two of ours on one client, one that closes leaves the other hearing', async () => {
  scene = await startScene();
  const library = scene.library();
  const [first, second] = [scene.sharing(library), scene.sharing(library)];
  const heard: unknown[] = [];
  second.channel('room').on('said', (data) => void heard.push(data));
  await first.channel('room').attach();
  await second.channel('room').attach();
  await first.close();
  await scene.sdk.trigger('private-room', 'said', { n: 1 });
  await expect.poll(() => heard).toEqual([{ n: 1 }]);
});

it('after a cut its own loop brings it back after 1 s, the channel is attached again, and the gap is told once', async () => {
  scene = await startScene();
  const library = scene.library();
  const ours = scene.sharing(library);
  const room = ours.channel('room');
  const [gaps, heard]: [string[], unknown[]] = [[], []];
  room.onGap(({ continuity }) => void gaps.push(continuity));
  room.on('said', (data) => void heard.push(data));
  await room.attach();
  const lost = reached(ours, 'reconnecting');
  scene.service.drop();
  await lost;
  await reached(ours, 'connected');
  await expect.poll(() => gaps).toEqual(['unknown']);
  await scene.sdk.trigger('private-room', 'said', { n: 1 });
  await expect.poll(() => heard).toEqual([{ n: 1 }]);
  expect(scene.service.connections()).toEqual([library.connection.socket_id]);
});

it('that is connected already is taken as it is, and the first message comes once', async () => {
  scene = await startScene();
  const library = scene.library();
  await new Promise<void>((resolve) => void library.connection.bind('connected', resolve));
  const ours = scene.sharing(library);
  const heard: unknown[] = [];
  const room = ours.channel('room');
  room.on('said', (data) => void heard.push(data));
  await room.attach();
  await scene.sdk.trigger('private-room', 'said', { n: 1 });
  await expect.poll(() => heard).toEqual([{ n: 1 }]);
  expect(scene.service.connections()).toHaveLength(1);
});
