/**
 * Moving from an own Socket.IO server to Pusher with users online: both serve at once, each with its store, and each tells the other.
 *
 * @see docs/migrating/socketio-to-pusher.md, whose step 4 this is
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { socketio } from '@anywire/adapter-socketio';
import { createRealtime, type Page, type Realtime } from '@anywire/core';
import { createServer, type AnywireServer } from '@anywire/server';
import { memory } from '@anywire/server/store';
import { Server as SocketIoServer } from 'socket.io';
import { expect, it } from 'vitest';
import { atEnd, openScene, type Scene } from './backend-scene.ts';

interface Both {
  readonly pusher: Scene;
  /** The own server has done its duty. */
  end(): Promise<void>;
  readonly sockets: SocketIoServer;
  /** A page that has not been reloaded yet. */
  old(name: string): Realtime;
  /** One that was. */
  moved(name: string): Realtime;
}

async function openBoth(): Promise<Both> {
  let own: AnywireServer | undefined;
  const pusher = await openScene({
    backend: {
      store: memory(),
      async onPublish({ channel, event, data, id, volatile, client: { clientId } }) {
        if (!volatile)
          await own?.publish(channel, event, data, { id, ...(clientId && { clientId }) });
      },
    },
  });
  const http = createHttpServer();
  const sockets = new SocketIoServer(http);
  const server = createServer({
    authenticate: ({ token = '' }) => ({ clientId: token }),
    async onPublish({ channel, event, data, id, volatile, client: { clientId } }) {
      if (!volatile)
        await pusher.backend.publish(channel, event, data, { id, ...(clientId && { clientId }) });
    },
    log: () => {},
  });
  own = server;
  server.attachSocketIO(sockets);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    await server.close({ drainMs: 0 });
    await sockets.close();
  });
  const { port } = http.address() as AddressInfo;
  return {
    ...{ pusher, sockets },
    async end() {
      own = undefined;
      await server.close({ drainMs: 0 });
    },
    old(name) {
      const realtime = createRealtime({
        adapter: socketio({ url: `http://127.0.0.1:${port}` }),
        auth: () => name,
        ...{ reconnectMinMs: 20, reconnectMaxMs: 200, log: () => {} },
      });
      atEnd(() => realtime.close());
      return realtime;
    },
    moved: (name) => pusher.client(name, { store: true }),
  };
}

interface Heard {
  readonly texts: string[];
  readonly gaps: string[];
}

async function listen(realtime: Realtime): Promise<Heard> {
  const heard: Heard = { texts: [], gaps: [] };
  const room = realtime.channel('room:1');
  room.on(
    'said',
    (data, { sender }) => void heard.texts.push(`${sender.clientId}: ${String(data)}`),
  );
  room.onGap(({ continuity }) => void heard.gaps.push(continuity));
  await room.attach();
  return heard;
}

it('who is on either side hears 60 messages of both, each once, those of a sender in their order, also over a cut of each', async () => {
  const { pusher, sockets, old, moved } = await openBoth();
  const [ann, bob] = [old('ann'), moved('bob')];
  const [annHeard, bobHeard] = [await listen(ann), await listen(bob)];
  const receipts: Promise<unknown>[] = [];
  for (let n = 0; n < 30; n++) {
    receipts.push(ann.channel('room:1').publish('said', n));
    receipts.push(bob.channel('room:1').publish('said', n));
    if (n === 10) pusher.service.drop();
    if (n === 20) for (const socket of sockets.sockets.sockets.values()) socket.conn.close();
    await Promise.any(receipts.slice(-2));
  }
  await Promise.all(receipts);
  for (const { texts } of [annHeard, bobHeard])
    await expect.poll(() => texts.length, { timeout: 20_000 }).toBe(60);
  for (const { texts } of [annHeard, bobHeard])
    for (const name of ['ann', 'bob'])
      expect(texts.filter((text) => text.startsWith(name))).toEqual(
        Array.from({ length: 30 }, (_, n) => `${name}: ${n}`),
      );
  expect([annHeard.gaps, bobHeard.gaps]).toEqual([[], []]);
});

it('who reloads after the own server has ended finds all that was said on either side, and goes on', async () => {
  const { end, old, moved } = await openBoth();
  const [ann, bob] = [old('ann'), moved('bob')];
  await ann.channel('room:1').publish('said', 'from the old page');
  await bob.channel('room:1').publish('said', 'from the new one');
  await ann.close();
  await end();
  const again = moved('ann');
  const pages = again.channel('room:1').history({ direction: 'forwards' });
  const { value } = (await pages.next()) as { value: Page<unknown> };
  expect([value.complete, value.items.map(({ sender, data }) => [sender.clientId, data])]).toEqual([
    true,
    [
      ['ann', 'from the old page'],
      ['bob', 'from the new one'],
    ],
  ]);
  const heard = await listen(bob);
  await again.channel('room:1').publish('said', 'on');
  await expect.poll(() => heard.texts).toEqual(['ann: on']);
});
