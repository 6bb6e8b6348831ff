/**
 * The part of the fault matrix that needs a real network: every operation at once, each on a channel of its own, over a
 * WebSocket to a real server, while the proxy between them breaks the connection.
 *
 * @see matrix.test.ts for the whole of it, in virtual time
 */
import { RealtimeError, type Channel, type Realtime } from '@anywire/core';
import { afterEach, expect, it } from 'vitest';
import type { FaultProxy } from '@anywire/testkit/proxy';
import { randomFrom } from '../seed.ts';
import { startFaulty, until, type FaultyServer } from './support.ts';

let running: FaultyServer | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How the network breaks around `ask`. What it leaves is healed afterwards. */
const faults: Readonly<Record<string, (proxy: FaultProxy, ask: () => void) => unknown>> = {
  nothing: (_, ask) => ask(),
  'a cut before'(proxy, ask) {
    proxy.cut();
    ask();
  },
  'a cut in the same tick'(proxy, ask) {
    ask();
    proxy.cut();
  },
  'a cut within 300 bytes'(proxy, ask) {
    proxy.dropAfter(300);
    ask();
  },
  'a cut within 3,000 bytes'(proxy, ask) {
    proxy.dropAfter(3_000);
    ask();
  },
  async 'answers that are lost'(proxy, ask) {
    proxy.halfOpen('toClient');
    ask();
    await pause(50);
    proxy.cut();
  },
  async 'a refusal for 200 ms'(proxy, ask) {
    proxy.refuse();
    proxy.cut();
    ask();
    await pause(200);
  },
  async 'silence for 200 ms'(proxy, ask) {
    proxy.halfOpen();
    ask();
    await pause(200);
  },
  async 'a delay of 20 ms'(proxy, ask) {
    proxy.delay(20);
    ask();
    await pause(100);
  },
};

/** What the app asks of a channel that it listens to and has entered. `last` is heard at the end. */
const operations: Readonly<
  Record<string, (room: Channel, realtime: Realtime, last: number) => Promise<unknown>>
> = {
  connect: (_, { connection }) => connection.connect(),
  attach: (room, realtime) => realtime.channel(`${room.name}-2`).attach(),
  'on + rewind': (room, _, last) =>
    new Promise((resolve) => {
      const heard: unknown[] = [];
      const hear = (n: unknown): void => {
        heard.push(n);
        if (n === last) resolve(expect(heard).toEqual([...new Set(heard)]));
      };
      room.on('told', hear, { rewind: 2 });
    }),
  once: (room) => room.once('told'),
  messages: (room) => room.messages().next(),
  publish: (room) => room.publish('own', 1),
  volatile: (room) => room.publish('own', 2, { volatile: true }),
  batch: (room) => Promise.all([1, 2, 3, 4, 5].map((n) => room.publish('own', n))),
  'history page': (room) => room.history().next(),
  async 'history pages'(room) {
    for await (const { items } of room.history({ limit: 1 })) expect(items).toHaveLength(1);
  },
  enter: (room) => room.presence.enter(2),
  update: (room) => room.presence.update(3),
  leave: (room) => room.presence.leave(),
  watch: ({ presence }) =>
    new Promise<void>((resolve) => {
      presence.onSync(resolve);
      if (presence.synced) resolve();
    }),
  detach: (room) => room.detach(),
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

it.each(Object.keys(faults))(
  'under %s all 15 operations end well, and every message is heard once and in order',
  async (fault) => {
    const options = { authenticate: () => ({ clientId: 'ann' }) };
    running = await startFaulty(2, options, randomFrom(fault));
    const [{ realtime, proxy }, { realtime: teller }] = running.clients as [
      FaultyServer['clients'][0],
      FaultyServer['clients'][0],
    ];
    const tell = async (from: number, to: number): Promise<void> => {
      for (const name of Object.keys(operations))
        for (let n = from; n <= to; n += 1) await teller.channel(name).publish('told', n);
    };
    const heard = new Map<string, unknown[]>();
    const gaps: unknown[] = [];
    for (const name of Object.keys(operations)) {
      const room = realtime.channel(name);
      const data: unknown[] = [];
      heard.set(name, data);
      room.onAny(({ event, data: n }) => event === 'told' && data.push(n));
      room.onGap((gap) => gaps.push(gap));
      await room.presence.enter(1);
    }
    await tell(1, 2);

    let asked: Promise<string>[] = [];
    const ask = (): void => {
      asked = Object.entries(operations).map(([name, run]) =>
        run(realtime.channel(name), realtime, 6).then(
          () => `${name} ok`,
          (error: unknown) => `${name} ${RealtimeError.is(error) ? error.code : String(error)}`,
        ),
      );
    };
    await faults[fault]?.(proxy, ask);
    const told = tell(3, 4);
    await pause(20);
    proxy.heal();
    await told;
    await until(realtime.connection.state, (state) => state === 'connected');
    await tell(5, 6);
    expect(await Promise.all(asked)).toEqual(Object.keys(operations).map((name) => `${name} ok`));
    const ends = Object.keys(operations).map((name) => realtime.channel(name).publish('end', 0));
    await Promise.all(ends);
    expect(gaps).toEqual([]);
    for (const [name, data] of heard) expect(data, name).toEqual(upTo(6));
  },
  30_000,
);
