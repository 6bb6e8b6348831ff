/**
 * Everything settles: whatever the app asks, in whatever state the connection is, from a service that says
 * nothing any more, ends within its time with a result or a code, and leaves nothing behind.
 */
import { createRealtime, RealtimeError, type ConnectionState, type Realtime } from '@anywire/core';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { fakeAdapter, type FakeAdapter } from '@anywire/testkit/fake';
import { describe, expect, it } from 'vitest';

type Mode = 'core' | 'adapter';

interface Scene {
  readonly clock: VirtualClock;
  readonly fake: FakeAdapter;
  readonly realtime: Realtime;
}

/** `[what it ends with, after how many ms at the latest]`; 'ok' is a result. */
type End = readonly [code: string, withinMs: number];

const timeoutMs = 10_000;
const outboxAgeMs = 60_000;
const suspendAfterMs = 120_000;

// --- the states ---

/** Brings a client into a state, after which the service answers nothing. */
const enterState: Readonly<Record<ConnectionState, (scene: Scene) => Promise<void>>> = {
  async idle({ fake }) {
    silence(fake);
  },
  async connecting({ fake, realtime, clock }) {
    silence(fake);
    connect(realtime);
    await clock.settle();
  },
  async connected({ fake, realtime, clock }) {
    connect(realtime);
    await clock.settle();
    silence(fake);
  },
  async reconnecting(scene) {
    await enterState.connected(scene);
    scene.fake.drop();
    await scene.clock.settle();
  },
  async suspended(scene) {
    await enterState.reconnecting(scene);
    await scene.clock.advance(suspendAfterMs);
  },
  async closed(scene) {
    await enterState.connected(scene);
    scene.fake.release('close');
    await scene.realtime.close();
  },
  async failed(scene) {
    await enterState.connected(scene);
    const error = new RealtimeError('auth_denied', 'not you');
    scene.fake.drop({ error, retry: 'never' });
    await scene.clock.settle();
  },
};

function silence(fake: FakeAdapter): void {
  fake.hold('open', 'attach', 'detach', 'publish', 'history', 'enter', 'leave', 'ping', 'close');
}

function connect({ connection }: Realtime): void {
  connection.connect().catch(() => {}); // how that ends is a case of its own
}

// --- the operations ---

/** What the app may ask. */
const operations: Readonly<Record<string, (realtime: Realtime) => Promise<unknown>>> = {
  publish: (realtime) => realtime.channel('room').publish('e', 1),
  batch: (realtime) =>
    Promise.all([1, 2, 3].map((data) => realtime.channel('room').publish('e', data))),
  volatile: (realtime) => realtime.channel('room').publish('e', 1, { volatile: true }),
  attach: (realtime) => realtime.channel('room').attach(),
  detach: (realtime) => {
    realtime
      .channel('room')
      .attach()
      .catch(() => {}); // how that ends is a case of its own
    return realtime.channel('room').detach();
  },
  history: (realtime) => realtime.channel('room').history().next(),
  pages: async (realtime) => {
    for await (const { items } of realtime.channel('room').history({ limit: 1 })) void items;
  },
  enter: (realtime) => realtime.channel('room').presence.enter(1),
  update: async ({ channel }) => {
    const { presence } = channel('room');
    const entering = presence.enter(1);
    await Promise.all([entering, presence.update(2)]);
  },
  leave: (realtime) => realtime.channel('room').presence.leave(),
  connect: (realtime) => realtime.connection.connect(),
  close: (realtime) => realtime.close(),
};

/** How each ends. The rows are the same in both modes. */
// prettier-ignore
const ends: Readonly<Record<ConnectionState, Readonly<Record<string, End>>>> = {
  idle:         waiting(0),
  connecting:   waiting(timeoutMs),
  reconnecting: waiting(timeoutMs),
  connected: {
    publish: ['outcome_unknown', timeoutMs], batch: ['outcome_unknown', timeoutMs], volatile: ['ok', 0],
    attach: ['timeout', timeoutMs], detach: ['ok', timeoutMs], history: ['timeout', timeoutMs], pages: ['timeout', timeoutMs],
    enter: ['timeout', timeoutMs], update: ['timeout', timeoutMs], leave: ['ok', 0],
    connect: ['ok', 0], close: ['ok', timeoutMs],
  },
  suspended: {
    publish: ['suspended', 0], batch: ['suspended', 0], volatile: ['ok', 0],
    attach: ['suspended', 0], detach: ['ok', 0], history: ['suspended', 0], pages: ['suspended', 0],
    enter: ['suspended', 0], update: ['suspended', 0], leave: ['ok', 0],
    connect: ['suspended', suspendAfterMs], close: ['ok', timeoutMs],
  },
  closed: {
    publish: ['closed', 0], batch: ['closed', 0], volatile: ['ok', 0],
    attach: ['closed', 0], detach: ['ok', 0], history: ['closed', 0], pages: ['closed', 0],
    enter: ['closed', 0], update: ['closed', 0], leave: ['ok', 0],
    connect: ['suspended', suspendAfterMs], close: ['ok', 0],
  },
  failed: {
    publish: ['auth_denied', 0], batch: ['auth_denied', 0], volatile: ['ok', 0],
    attach: ['auth_denied', 0], detach: ['ok', 0], history: ['auth_denied', 0], pages: ['auth_denied', 0],
    enter: ['auth_denied', 0], update: ['auth_denied', 0], leave: ['ok', 0],
    connect: ['suspended', suspendAfterMs], close: ['ok', timeoutMs],
  },
};

/** Nothing is there yet, and may come: time-outs decide. A session that was opened is closed first. */
function waiting(closeWithinMs: number): Readonly<Record<string, End>> {
  return {
    publish: ['expired', outboxAgeMs],
    batch: ['expired', outboxAgeMs],
    volatile: ['ok', 0],
    attach: ['timeout', timeoutMs],
    detach: ['ok', timeoutMs],
    history: ['timeout', timeoutMs],
    pages: ['timeout', timeoutMs],
    enter: ['timeout', timeoutMs],
    update: ['timeout', timeoutMs],
    leave: ['ok', 0],
    connect: ['suspended', suspendAfterMs],
    close: ['ok', closeWithinMs],
  };
}

// --- the tests ---

function start(reconnect: Mode): Scene {
  const clock = virtualClock();
  const fake = fakeAdapter({ reconnect });
  const realtime = createRealtime({ adapter: fake, clock, random: () => 0.5, log: () => {} });
  realtime.onError(() => {});
  return { clock, fake, realtime };
}

/** How a promise ended, and when; `still waiting` after `limitMs`. */
async function ending(
  clock: VirtualClock,
  promise: Promise<unknown>,
  limitMs: number,
): Promise<string> {
  let code: string | undefined;
  promise.then(
    () => (code = 'ok'),
    (error: unknown) => (code = RealtimeError.is(error) ? error.code : String(error)),
  );
  const untilMs = clock.now() + limitMs;
  await clock.settle();
  while (
    code === undefined &&
    clock.nextInMs !== undefined &&
    clock.now() + clock.nextInMs <= untilMs
  )
    await clock.advance(clock.nextInMs);
  return code ?? 'still waiting';
}

async function leavesNothing({ clock, fake, realtime }: Scene): Promise<void> {
  fake.release('close');
  expect(await ending(clock, realtime.close(), timeoutMs)).toBe('ok');
  expect(realtime.outbox.entries.get()).toEqual([]);
  expect(clock.pending).toBe(0);
}

describe.each<Mode>(['core', 'adapter'])('a service that is silent, reconnect: %s', (mode) => {
  const table = Object.entries(ends).flatMap(([state, row]) =>
    Object.entries(row).map(([operation, end]) => [state, operation, ...end] as const),
  );
  it.each(table)('%s: %s ends with %s within %i ms', async (state, operation, code, withinMs) => {
    const scene = start(mode);
    await enterState[state as ConnectionState](scene);
    expect(scene.realtime.connection.state.get()).toBe(state);
    const result = operations[operation]?.(scene.realtime) as Promise<unknown>;
    expect(await ending(scene.clock, result, withinMs)).toBe(code);
    await leavesNothing(scene);
  });

  it.each(['connecting', 'connected', 'reconnecting'] as const)(
    '%s: what waits ends at once when its signal fires',
    async (state) => {
      const scene = start(mode);
      await enterState[state](scene);
      const app = new AbortController();
      const { signal } = app;
      const room = scene.realtime.channel('room');
      const asked: Promise<unknown>[] = [
        room.publish('e', 1, { signal }),
        room.attach({ signal }),
        room.history({ signal }).next(),
        room.presence.enter(1, { signal }),
        room.once('e', { signal }),
      ];
      if (state !== 'connected') asked.push(scene.realtime.connection.connect({ signal }));
      for (const promise of asked) promise.catch(() => {}); // looked at below
      await scene.clock.settle();
      app.abort();
      await scene.clock.settle();
      const results = await Promise.all(asked.map((promise) => ending(scene.clock, promise, 0)));
      expect(results).toEqual(asked.map(() => 'aborted'));
      await leavesNothing(scene);
    },
  );
});

describe.each<Mode>(['core', 'adapter'])('mounting and unmounting, reconnect: %s', (mode) => {
  it('1,000 times within the linger costs 1 attach and 1 detach, and leaves nothing', async () => {
    const scene = start(mode);
    const { clock, fake, realtime } = scene;
    const room = realtime.channel('room');
    let heard = 0;
    for (let mounts = 0; mounts < 1_000; mounts += 1) {
      const off = room.on('e', () => (heard += 1));
      if (mounts % 2 === 0) await clock.advance(1);
      off();
      off();
      if (mounts % 3 === 0) await clock.advance(2);
    }
    expect([fake.all('attach').length, fake.all('detach').length]).toEqual([1, 0]);
    fake.link.received('room', { event: 'e', data: 1, serial: 1, action: 'create' });
    expect(heard).toBe(0);
    await clock.advance(2_500);
    expect(room.state.get()).toBe('detached');
    expect([fake.all('attach').length, fake.all('detach').length]).toEqual([1, 1]);
    expect(fake.session.attached.size).toBe(0);
    await leavesNothing(scene);
  });

  it('1,000 times, each for longer than the linger, attaches and detaches 1,000 times and leaks no timer', async () => {
    const scene = start(mode);
    const { clock, fake, realtime } = scene;
    const room = realtime.channel('room');
    await realtime.connection.connect();
    const before = clock.pending;
    for (let mounts = 0; mounts < 1_000; mounts += 1) {
      const off = room.on('e', () => {});
      fake.link.alive(); // 2,500 s of silence would be a dead connection
      await clock.settle();
      off();
      await clock.advance(2_500);
    }
    expect([fake.all('attach').length, fake.all('detach').length]).toEqual([1_000, 1_000]);
    expect(clock.pending).toBe(before);
    await leavesNothing(scene);
  });
});
