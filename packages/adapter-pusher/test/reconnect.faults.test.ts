/** What pusher-js does slowly, silently or not at all after a loss: each once left a page deaf for seconds or for good. */
import type { ConnectionState, Realtime } from '@anywire/core';
import { startPusher } from '@anywire/emulators/pusher';
import PusherClient from 'pusher-js';
import { afterEach, expect, it } from 'vitest';
import { app, startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

function reached(realtime: Realtime, wanted: ConnectionState): Promise<number> {
  return new Promise((resolve) => {
    realtime.connection.state.subscribe((state) => {
      if (state === wanted) resolve(performance.now());
    });
  });
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('after 3 s in which every connection is refused, it is back within 2 s: pusher-js alone takes 16 s in all', async () => {
  scene = await startScene();
  // Core's own delays: 250, 500, 1,000 and 2,000 ms.
  const realtime = scene.client({ reconnectMinMs: 500, reconnectMaxMs: 20_000, random: () => 0.5 });
  await realtime.connection.connect();
  const lost = reached(realtime, 'reconnecting');
  scene.proxy.refuse();
  scene.proxy.cut();
  await lost;
  await sleep(3_000);
  expect(realtime.connection.state.get()).toBe('reconnecting');
  const healedMs = performance.now();
  scene.proxy.heal();
  expect((await reached(realtime, 'connected')) - healedMs).toBeLessThan(2_000);
});

it('a cut is told at once: pusher-js says `connected` for another second', async () => {
  scene = await startScene();
  const realtime = scene.client();
  await realtime.connection.connect();
  const [beganMs, lost] = [performance.now(), reached(realtime, 'reconnecting')];
  scene.service.drop();
  expect((await lost) - beganMs).toBeLessThan(500);
  await reached(realtime, 'connected');
});

it('a link that falls silent is found in less than 2 s with an `activityTimeout` of 400 ms and a `pongTimeout` of 300 ms', async () => {
  scene = await startScene();
  const realtime = scene.client();
  await realtime.connection.connect();
  const [beganMs, lost] = [performance.now(), reached(realtime, 'reconnecting')];
  scene.service.mute();
  expect((await lost) - beganMs).toBeLessThan(2_000);
  await reached(realtime, 'connected');
});

/** In Node pusher-js closes once more what such a code has closed, with a timer that nobody clears: these are stopped here. */
function withoutCloseTimers(): () => void {
  const closeTimeoutMs = 30_000;
  const real = globalThis.setTimeout;
  const found: NodeJS.Timeout[] = [];
  globalThis.setTimeout = ((fn: () => void, ms?: number) => {
    const timer = real(fn, ms);
    if (ms === closeTimeoutMs) found.push(timer);
    return timer;
  }) as typeof setTimeout;
  return () => {
    globalThis.setTimeout = real;
    for (const timer of found) clearTimeout(timer);
  };
}

it.each([
  [4000, 'invalid'],
  [4001, 'invalid'],
  [4007, 'invalid'],
  [4009, 'auth_denied'],
  [4099, 'invalid'],
])(
  '%d ends a live connection for good: `failed` with %s, and nobody comes again',
  async (vendorCode, code) => {
    scene = await startScene();
    const end = withoutCloseTimers();
    try {
      const realtime = scene.client();
      await realtime.connection.connect();
      scene.service.closeWith(vendorCode);
      await reached(realtime, 'failed');
      expect(realtime.connection.error).toMatchObject({ code, vendorCode });
      await sleep(50);
      expect(scene.service.connections()).toEqual([]);
    } finally {
      end();
    }
  },
);

it.each([1001, 1006, 1011, 4100, 4200, 4201, 4299])(
  '%d brings it back, in another connection, and its channel hears again',
  async (code) => {
    scene = await startScene();
    const realtime = scene.client();
    const heard: unknown[] = [];
    const room = realtime.channel('room');
    room.on('said', (data) => void heard.push(data));
    await room.attach();
    const before = realtime.connection.id;
    const lost = reached(realtime, 'reconnecting');
    scene.service.closeWith(code);
    await lost;
    await reached(realtime, 'connected');
    await room.attach();
    expect(realtime.connection.id).not.toBe(before);
    await scene.sdk.trigger('private-room', 'said', { text: 'after' });
    await expect.poll(() => heard).toEqual([{ text: 'after' }]);
  },
);

it('3 handshakes that are refused with 4100 are tried again, and the 4th connects', async () => {
  scene = await startScene();
  scene.service.refuse(3, 4100);
  const realtime = scene.client();
  await realtime.connection.connect();
  expect(scene.service.connections()).toHaveLength(1);
});

it('an app key that the service does not know ends `connect` with `invalid`, at the first answer', async () => {
  scene = await startScene();
  const realtime = scene.client({}, { key: 'another' });
  await expect(realtime.connection.connect()).rejects.toMatchObject({
    code: 'invalid',
    vendorCode: 4001,
  });
});

it('a service that is started again on its port is found again, and its channel attached, with a gap told', async () => {
  scene = await startScene();
  const realtime = scene.client();
  const room = realtime.channel('room');
  const gaps: string[] = [];
  room.onGap(({ continuity }) => void gaps.push(continuity));
  await room.attach();
  const lost = reached(realtime, 'reconnecting');
  const { port } = scene.service;
  await scene.service.close();
  await lost;
  const service = await startPusher({ apps: [app], port });
  try {
    await reached(realtime, 'connected');
    await expect.poll(() => gaps).toEqual(['unknown']);
  } finally {
    await realtime.close();
    await service.close();
  }
});

it('after 10 cuts and `close()`, pusher-js keeps none of the 11 clients that were made', async () => {
  scene = await startScene();
  const before = PusherClient.instances.length;
  const realtime = scene.client();
  await realtime.connection.connect();
  for (let cuts = 0; cuts < 10; cuts++) {
    const lost = reached(realtime, 'reconnecting');
    scene.service.drop();
    await lost;
    await reached(realtime, 'connected');
    expect(PusherClient.instances).toHaveLength(before + 1);
  }
  await realtime.close();
  expect(PusherClient.instances).toHaveLength(before);
  await expect.poll(() => scene.service.connections()).toEqual([]);
});

it.each([1006, 4100, 4200])(
  '1.5 s after %d the service knows 1 connection: the loop of pusher-js has not run beside that of core',
  async (code) => {
    scene = await startScene();
    const realtime = scene.client();
    await realtime.connection.connect();
    const lost = reached(realtime, 'reconnecting');
    scene.service.closeWith(code);
    await lost;
    await reached(realtime, 'connected');
    await sleep(1_500);
    expect(scene.service.connections()).toEqual([realtime.connection.id]);
  },
);

it('1.5 s after 2 handshakes were refused the service knows 1 connection', async () => {
  scene = await startScene();
  scene.service.refuse(2, 4100);
  const realtime = scene.client();
  await realtime.connection.connect();
  await sleep(1_500);
  expect(scene.service.connections()).toEqual([realtime.connection.id]);
});

it('`close()` while the connection is refused leaves no client and no attempt behind', async () => {
  scene = await startScene();
  const before = PusherClient.instances.length;
  scene.proxy.refuse();
  const realtime = scene.client();
  const connecting = realtime.connection.connect().catch((error: unknown) => error);
  await reached(realtime, 'reconnecting');
  await realtime.close();
  expect(await connecting).toMatchObject({ code: 'closed' });
  expect(PusherClient.instances).toHaveLength(before);
});
