/** What comes from those who know nothing of us, and what Pusher encrypts. */
import { defineChannels, event, type Message } from '@anywire/core';
import { afterEach, expect, it } from 'vitest';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

async function hearing(name: string, kind: 'public' | 'private' | 'encrypted'): Promise<Message[]> {
  const channels = defineChannels({ 'room:{id}': { kind, events: { said: event<unknown>() } } });
  const realtime = scene.client({ channels, auth: scene.sign(kind) });
  const heard: Message[] = [];
  const room = realtime.channel(name as `room:${string}`);
  room.on('said', (_, message) => void heard.push(message as Message));
  await room.attach();
  return heard;
}

it('a plain event of another publisher passes through, with no id, and with a sender that nobody vouches for', async () => {
  scene = await startScene();
  const heard = await hearing('room:1', 'private');
  await scene.sdk.trigger('private-room=3A1', 'said', { text: 'hi', aw: 1 });
  await expect.poll(() => heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ data: { text: 'hi', aw: 1 } });
  expect(heard[0]?.id).toBeUndefined();
  expect(heard[0]?.sender?.verified ?? false).toBe(false);
});

it('2 equal events of another publisher are 2 messages', async () => {
  scene = await startScene();
  const heard = await hearing('room:1', 'private');
  for (let times = 0; times < 2; times++)
    await scene.sdk.trigger('private-room=3A1', 'said', { text: 'hi' });
  await expect.poll(() => heard).toHaveLength(2);
});

it.each([
  ['the text 123', '123', 123],
  ['the text true', 'true', true],
  ['the text {"a":1}', '{"a":1}', { a: 1 }],
  ['a text', 'hello', 'hello'],
])('%s of another publisher comes as pusher-js makes it', async (_, sent, data) => {
  scene = await startScene();
  const heard = await hearing('room:1', 'private');
  await scene.sdk.trigger('private-room=3A1', 'said', sent);
  await expect.poll(() => heard.map((message) => message.data)).toEqual([data]);
});

it('a public channel is subscribed to without a signature', async () => {
  scene = await startScene();
  const heard = await hearing('room:1', 'public');
  await scene.sdk.trigger('room=3A1', 'said', { n: 1 });
  await expect.poll(() => heard.map(({ data }) => data)).toEqual([{ n: 1 }]);
});

it('an encrypted channel is opened with the secret that came with its signature', async () => {
  scene = await startScene();
  const heard = await hearing('room:1', 'encrypted');
  await scene.sdk.trigger('private-encrypted-room=3A1', 'said', { secret: 42 });
  await expect.poll(() => heard.map(({ data }) => data)).toEqual([{ secret: 42 }]);
});

it.each(['public', 'encrypted'] as const)(
  'a client event on a channel of kind %s is `unsupported` before anything is sent',
  async (kind) => {
    scene = await startScene();
    const channels = defineChannels({ room: { kind, events: { said: event<number>() } } });
    const realtime = scene.client({ channels, auth: scene.sign(kind) });
    const sent = realtime.channel('room').publish('said', 1, { ack: 'written' });
    await expect(sent).rejects.toMatchObject({ code: 'unsupported' });
  },
);

it('names that would be another kind of channel are channels of their own', async () => {
  scene = await startScene();
  const realtime = scene.client();
  const heard: unknown[] = [];
  for (const name of ['presence-a', 'encrypted-a', 'cache-a', 'private-a', 'a']) {
    realtime.channel(name).on('said', () => void heard.push(name));
    await realtime.channel(name).attach();
  }
  for (const remote of ['=70resence-a', '=65ncrypted-a', '=63ache-a', '=70rivate-a', 'a'])
    await scene.sdk.trigger(`private-${remote}`, 'said', {});
  await expect
    .poll(() => heard)
    .toEqual(['presence-a', 'encrypted-a', 'cache-a', 'private-a', 'a']);
});
