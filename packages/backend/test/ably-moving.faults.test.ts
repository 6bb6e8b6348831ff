/**
 * Moving from Pusher to Ably with users online: both backends live for a while, and each passes on what its clients say.
 *
 * The emulator sends no webhooks: a subscriber with the key gathers what is published, and posts it as Ably does, signed, and twice.
 *
 * @see docs/migrating/pusher-to-ably.md, whose step 3 this is
 */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pusher as pusherAdapter } from '@anywire/adapter-pusher';
import { createRealtime, type Realtime } from '@anywire/core';
import { startPusher } from '@anywire/emulators/pusher';
import { memory } from '@anywire/server/store';
import { expect, it } from 'vitest';
import { createBackend, type Backend, type BackendEvent } from '../src/index.ts';
import { toNodeListener } from '../src/node.ts';
import { pusher } from '../src/pusher/index.ts';
import { atEnd, openScene, type Scene } from './ably-scene.ts';

interface Both {
  readonly ably: Scene;
  /** A page that has not been reloaded yet. */
  old(name: string): Realtime;
}

const authenticate = ({ token }: { readonly token: string | undefined }) =>
  token === undefined ? {} : { clientId: token };

async function openBoth(): Promise<Both> {
  const app = { id: '1', key: 'key', secret: 'secret' };
  const service = await startPusher({ apps: [app] });
  atEnd(() => service.close());
  const { host, port } = service;
  async function fromAbly(told: BackendEvent): Promise<void> {
    if (told.type !== 'message' || told.extras?.['from'] === 'pusher') return;
    const { channel, event, data, id, clientId } = told;
    const own = id && { id: `ably.${id.replaceAll(':', '.')}` };
    await atPusher.publish(channel, event, data, { ...own, ...(clientId && { clientId }) });
  }
  const ably = await openScene({ onEvent: fromAbly });
  const atPusher: Backend = createBackend({
    provider: pusher({
      ...{ appId: '1', key: 'key', secret: 'secret', host, port, useTLS: false },
    }),
    ...{ authenticate, store: memory(), log: () => {} },
    async onPublish({ channel, event, data, id, volatile, client: { clientId } }) {
      const extras = { from: 'pusher' };
      if (!volatile)
        await ably.backend.publish(channel, event, data, {
          ...{ id, extras },
          ...(clientId && { clientId }),
        });
    },
  });
  const http = createServer((request, response) => toNodeListener(atPusher)(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    await atPusher.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  await tellTwice(ably);
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
  return {
    ably,
    old(name) {
      const options = { wsHost: host, wsPort: port, forceTLS: false };
      const realtime = createRealtime({
        adapter: pusherAdapter({ key: 'key', cluster: '', backend: url, store: true, options }),
        auth: () => name,
        ...{ reconnectMinMs: 20, log: () => {} },
      });
      atEnd(() => realtime.close());
      return realtime;
    },
  };
}

/** One after the other, for a batch holds them in their order. */
async function tellTwice(ably: Scene): Promise<void> {
  let told = Promise.resolve();
  const post = async (message: object): Promise<void> => {
    const data = { channelId: 'room:1', messages: [message] };
    const body = JSON.stringify({ items: [{ name: 'channel.message', data }] });
    const signature = createHmac('sha256', 'secret').update(body).digest('base64');
    const headers = { 'x-ably-key': 'app.key', 'x-ably-signature': signature };
    await fetch(`${ably.url}/webhooks`, { method: 'POST', headers, body });
  };
  await ably
    .withKey()
    .channels.get('room:1')
    .subscribe((native) => {
      const { id, name, clientId, extras, data } = native;
      const wire = { id, name, clientId, extras, data: JSON.stringify(data), encoding: 'json' };
      told = told.then(() => post(wire)).then(() => post(wire));
    });
  atEnd(() => told);
}

async function listen(realtime: Realtime): Promise<string[]> {
  const heard: string[] = [];
  const room = realtime.channel('room:1');
  room.on('said', (data, { sender }) => void heard.push(`${sender.clientId}: ${String(data)}`));
  await room.attach();
  return heard;
}

it('who is on either side hears 40 messages of both, each once, those of a sender in their order', async () => {
  const { ably, old } = await openBoth();
  const [ann, bob] = [old('ann'), ably.anywire('bob', ['room:1'])];
  const sides = [await listen(ann), await listen(bob)];
  for (let n = 0; n < 20; n++)
    await Promise.all([ann, bob].map((one) => one.channel('room:1').publish('said', n)));
  for (const heard of sides) await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(40);
  // Whatever ran in a circle, or was told twice, has had its time by now: it comes before this one.
  await bob.channel('room:1').publish('said', 'last');
  for (const heard of sides) {
    await expect.poll(() => heard.includes('bob: last'), { timeout: 20_000 }).toBe(true);
    expect(heard).toHaveLength(41);
    for (const name of ['ann', 'bob'])
      expect(heard.filter((text) => text.startsWith(name)).slice(0, 20)).toEqual(
        Array.from({ length: 20 }, (_, n) => `${name}: ${n}`),
      );
  }
});
