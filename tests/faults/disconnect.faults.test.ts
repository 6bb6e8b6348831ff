/**
 * A backend ends connections over HTTP while messages flow: what the clients of core do next, and that nobody loses a
 * message by it.
 *
 * @see packages/server/src/disconnect.ts
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, RealtimeError, type AuthContext, type Realtime } from '@anywire/core';
import { createServer } from '@anywire/server';
import { afterEach, expect, it } from 'vitest';
import { until } from './support.ts';

const serverKey = 'the-server-key';

interface Scene {
  /** Who may connect; empty it to revoke all. */
  readonly allowed: Set<string>;
  /** Why a client was asked for a token, and who. */
  readonly asked: string[];
  client(name: string): Realtime;
  post(path: string, body: unknown): Promise<unknown>;
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function scene(): Promise<Scene> {
  const allowed = new Set(['ann', 'bob']);
  const asked: string[] = [];
  const server = createServer({
    serverKey,
    log: () => {},
    authenticate({ token = '' }) {
      if (!allowed.has(token)) throw new RealtimeError('auth_denied', 'revoked');
      return { clientId: token };
    },
  });
  const http = createHttpServer();
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  ends.push(
    () => new Promise((resolve) => http.close(resolve)),
    async () => {
      await server.close({ deadlineMs: 0 });
      http.closeAllConnections();
    },
  );
  return {
    allowed,
    asked,
    client(name) {
      const realtime = createRealtime({
        adapter: ws({ url: `ws://127.0.0.1:${port}/anywire` }),
        auth({ reason }: AuthContext) {
          asked.push(`${name} ${reason}`);
          return name;
        },
        reconnectMinMs: 10,
        reconnectMaxMs: 50,
        log: () => {},
      });
      ends.push(() => realtime.close());
      return realtime;
    },
    async post(path, body) {
      const response = await fetch(`http://127.0.0.1:${port}/anywire${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${serverKey}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      return response.json();
    },
  };
}

/** Counts the times that a client connected. */
function connects({ connection }: Realtime): {
  readonly count: () => number;
  reached(count: number): Promise<void>;
} {
  let count = 0;
  let look = (): void => {};
  connection.state.subscribe((state) => {
    count += state === 'connected' ? 1 : 0;
    look();
  });
  return {
    count: () => count,
    // Not `until` connected: that may be a connection whose end has not come here yet.
    reached: (wanted) =>
      new Promise((resolve) => {
        look = () => void (count >= wanted && resolve());
        look();
      }),
  };
}

async function heardBy(realtime: Realtime): Promise<{ all: unknown[]; last: Promise<void> }> {
  const room = realtime.channel('room');
  const all: unknown[] = [];
  room.onGap(() => all.push('gap'));
  const last = new Promise<void>((resolve) => {
    room.on('n', (data) => {
      all.push(data);
      if (data === 60) resolve();
    });
  });
  await room.attach();
  return { all, last };
}
const numbers = Array.from({ length: 60 }, (_, at) => at + 1);

it.each([
  ['asks for a token again', 'fresh-token', ['ann connect', 'bob connect', 'ann refused', 'ann refused', 'ann refused']],
  ['comes back with its token', 'now', ['ann connect', 'bob connect']],
] as const)(
  'who is disconnected 3 times %s with retry %s, and hears each of 60 messages once',
  async (_, retry, asked) => {
    const it0 = await scene();
    const ann = it0.client('ann');
    const bob = it0.client('bob');
    const [annHeard, bobHeard] = [await heardBy(ann), await heardBy(bob)];
    const annConnects = connects(ann);
    const bobConnects = connects(bob);
    for (const n of numbers) {
      await it0.post('/publish', { channel: 'room', event: 'n', data: n, id: `order-${n}` });
      if (n % 15 !== 0 || n === 60) continue;
      await annConnects.reached(n / 15);
      expect(await it0.post('/disconnect', { clientId: 'ann', retry })).toEqual({ connections: 1 });
    }
    await Promise.all([annHeard.last, bobHeard.last]);
    expect(annHeard.all).toEqual(numbers);
    expect(bobHeard.all).toEqual(numbers);
    expect(annConnects.count()).toBe(4);
    expect(bobConnects.count()).toBe(1);
    expect(it0.asked).toEqual(asked);
  },
); // prettier-ignore

it.each([
  ['never', 'nobody'],
  ['fresh-token', 'ann'],
] as const)(
  'who is disconnected with retry %s, where %s was revoked before, gives up with auth_denied within 1 try',
  async (retry, revoked) => {
    const it0 = await scene();
    const ann = it0.client('ann');
    const bob = it0.client('bob');
    const bobHeard = await heardBy(bob);
    await heardBy(ann);
    const annConnects = connects(ann);
    it0.allowed.delete(revoked);
    await it0.post('/disconnect', { clientId: 'ann', retry });
    await until(ann.connection.state, (state) => state === 'failed');
    expect(ann.connection.error?.code).toBe('auth_denied');
    expect(annConnects.count()).toBe(1);
    for (const n of numbers) await it0.post('/publish', { channel: 'room', event: 'n', data: n });
    await bobHeard.last;
    expect(bobHeard.all).toEqual(numbers);
  },
);
