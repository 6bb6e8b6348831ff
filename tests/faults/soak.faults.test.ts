/**
 * Many clients for a long time, coming, going and being cut: nothing is lost while they are there, and nothing of them
 * is left when they have gone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sse } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Adapter, type Realtime } from '@anywire/core';
import { afterEach, describe, expect, it } from 'vitest';
import { randomFrom } from '../seed.ts';
import { scale } from '../tier.ts';
import type { Ask, Holding } from './soak-server.ts';

const clients = scale(200, 2_000);
const seconds = scale(20, 300);
/** Clients of one room; each room has a message a second. */
const perRoom = 20;
const rooms = clients / perRoom;
/** Of all clients, each second. */
const churn = 0.01;
const cut = 0.01;
/** The server may weigh this much more afterwards: what it has compiled, and what it keeps to be quicker next time. */
const mayGrow = 0.1;

/** How clients come in, in turn. */
const transports: readonly ((url: string) => Adapter)[] = [
  (url) => ws({ url: url.replace('http', 'ws') }),
  (url) => sse({ url, transport: 'stream' }),
  (url) => ws({ url: url.replace('http', 'ws') }),
  (url) => sse({ url, transport: 'poll' }),
];

const root = fileURLToPath(new URL('../../', import.meta.url));
let child: ChildProcess | undefined;
const everybody = new Set<Realtime>();

afterEach(async () => {
  await Promise.all([...everybody].map((realtime) => realtime.close()));
  everybody.clear();
  if (child?.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function start(): Promise<{
  url: string;
  ask(message: Ask): void;
  weigh(): Promise<Holding>;
}> {
  const flags = ['--expose-gc', '--conditions=@anywire/source'];
  const started = spawn(process.execPath, [...flags, 'tests/faults/soak-server.ts'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child = started;
  const [port] = (await once(started, 'message')) as [number];
  const ask = (message: Ask): void => void started.send(message);
  return {
    url: `http://127.0.0.1:${port}/anywire`,
    ask,
    async weigh() {
      ask({ ask: 'weigh' });
      const [holding] = (await once(started, 'message')) as [Holding];
      return holding;
    },
  };
}

/** A second. The one wait by time in this file: it is what a soak is made of. */
const second = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_000));

describe(`${clients} clients for ${seconds} s`, { timeout: (seconds + 150) * 1_000 }, () => {
  it(`lose nothing through churn and cuts, and leave nothing: the server weighs at most ${mayGrow * 100} % more`, async () => {
    const { url, ask, weigh } = await start();
    const random = randomFrom('soak');
    const faults: string[] = [];
    let turns = 0;

    function open(): Realtime {
      const adapter = (transports[turns++ % transports.length] as (url: string) => Adapter)(url);
      const quick = { reconnectMinMs: 20, reconnectMaxMs: 500, lingerMs: 0 };
      const realtime = createRealtime({ adapter, random, ...quick, log: () => {} });
      everybody.add(realtime);
      return realtime;
    }

    /** Hears a room from the first message that comes, and expects the number after the last one. */
    interface Hearer {
      readonly room: number;
      readonly realtime: Realtime;
      last: number;
      /** Resolves when `n` has come. */
      reached(n: number): Promise<void>;
    }
    function join(room: number): Hearer {
      let wanted = Infinity;
      let done = (): void => {};
      const realtime = open();
      const hearer: Hearer = {
        room,
        realtime,
        last: 0,
        reached: (n) =>
          new Promise((resolve) => {
            if (hearer.last >= n) resolve();
            else [wanted, done] = [n, resolve];
          }),
      };
      const channel = realtime.channel(`room:${room}`);
      channel.onGap((gap) => faults.push(`a gap in room ${room}: ${gap.reason}`));
      channel.on('n', (data) => {
        const n = data as number;
        if (hearer.last > 0 && n !== hearer.last + 1)
          faults.push(`room ${room}: ${n} after ${hearer.last}`);
        hearer.last = n;
        if (n >= wanted) done();
      });
      return hearer;
    }
    async function leave({ realtime }: Hearer): Promise<void> {
      everybody.delete(realtime);
      await realtime.close();
    }

    const sent = Array.from({ length: rooms }, () => 0);
    const sending: Promise<unknown>[] = [];
    let hearers: Hearer[] = [];
    let senders: Realtime[] = [];
    function publish(): void {
      for (const room of sent.keys()) {
        const n = (sent[room] = (sent[room] ?? 0) + 1);
        const channel = senders[room % senders.length]?.channel(`room:${room}`);
        const settled = channel?.publish('n', n).catch((error: unknown) => {
          faults.push(`publish ${n} in room ${room}: ${String(error)}`);
        });
        if (settled) sending.push(settled);
      }
    }

    async function live(count: number, forSeconds: number): Promise<void> {
      senders = Array.from({ length: 4 }, open);
      hearers = Array.from({ length: count }, (_, index) => join(index % rooms));
      const endsAt = performance.now() + forSeconds * 1_000;
      while (performance.now() < endsAt) {
        publish();
        const leaving: Promise<void>[] = [];
        for (let left = Math.round(count * churn); left > 0; left -= 1) {
          const index = Math.floor(random() * hearers.length);
          const [gone] = hearers.splice(index, 1, join(index % rooms));
          if (gone) leaving.push(leave(gone));
        }
        ask({ ask: 'cut', share: cut });
        await Promise.all([second(), ...leaving]);
      }
      await Promise.all(sending);
      publish();
      await Promise.all(hearers.map(({ room, reached }) => reached(sent[room] as number)));
      await Promise.all(sending);
      await Promise.all(hearers.map(leave));
      await Promise.all(senders.map((sender) => sender.close()));
    }
    /** Once the server has forgotten everybody, and every channel. */
    async function empty(): Promise<Holding> {
      for (let left = 60; ; left -= 1) {
        ask({ ask: 'forget' }); // what is stored would pass for a leak; what was in use until now, too
        const holding = await weigh();
        const { connections, channels, stored, handles } = holding;
        // HTTP keeps a socket for a few seconds after its last request.
        const sockets = handles.filter((handle) => handle === 'TCPSocketWrap').length;
        if (connections + channels + stored + sockets === 0) return holding;
        if (left === 0) expect({ connections, channels, stored, sockets }).toEqual({});
        await second();
      }
    }

    await live(Math.ceil(clients / 10), 3); // warms it up: code that runs for the first time is compiled
    const before = await empty();
    await live(clients, seconds);
    expect(faults).toEqual([]);
    const after = await empty();
    console.log(`soak: ${before.bytes} bytes before, ${after.bytes} after`);
    expect(after.handles).toEqual(before.handles);
    expect(after.bytes / before.bytes).toBeLessThan(1 + mayGrow);
  });
});
