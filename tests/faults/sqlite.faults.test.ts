/**
 * A server on a database, killed under load and started again on the same file: no acked message is lost, none comes
 * twice, and nobody is told of a gap.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Gap, type Realtime, type Receipt } from '@anywire/core';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { afterEach, expect, it } from 'vitest';
import { randomFrom } from '../seed.ts';
import { scale } from '../tier.ts';
import { until } from './support.ts';
import { startKillable, type KillableServer } from '../support/killable-server.ts';

const script = new URL('sqlite-server.ts', import.meta.url);

const publishers = 3;
const subscribers = 5;
const perPublisher = scale(300, 4_000);
const total = publishers * perPublisher;
const kills = scale(4, 20);
/** Unproven publishes of one publisher: below the outbox's bound. */
const inFlight = 50;

const folder = mkdtempSync(join(tmpdir(), 'anywire-killed-'));
const clients: Realtime[] = [];
let server: KillableServer | undefined;
let proxy: FaultProxy | undefined;
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await proxy?.close();
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function connect(port: number, random: () => number): Realtime {
  const client = createRealtime({
    adapter: ws({ url: `ws://127.0.0.1:${port}/anywire` }),
    random,
    reconnectMinMs: 10,
    reconnectMaxMs: 50,
    log: () => {},
  });
  clients.push(client);
  return client;
}

/** What one subscriber heard, and a promise of the last message. */
interface Heard {
  readonly messages: string[];
  readonly gaps: Gap[];
  readonly ended: Promise<void>;
}

async function subscribe(client: Realtime, onMessage: () => void): Promise<Heard> {
  const room = client.channel('room');
  const messages: string[] = [];
  const gaps: Gap[] = [];
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  room.onGap((gap) => gaps.push(gap));
  room.onAny(({ event, data }) => {
    if (event === 'end') end();
    else messages.push(`${event} ${data as number}`);
    onMessage();
  });
  await room.attach();
  return { messages, gaps, ended };
}

/** Publishes 1 … `perPublisher` in order under the name `event`. */
async function publishAll(
  client: Realtime,
  event: string,
  onReceipt: (receipt: Receipt) => void,
): Promise<void> {
  const unproven: Promise<void>[] = [];
  for (let n = 1; n <= perPublisher; n += 1) {
    unproven.push(client.channel('room').publish(event, n).then(onReceipt));
    if (unproven.length >= inFlight) await unproven.shift();
  }
  await Promise.all(unproven);
}

it(`${publishers} publishers of ${perPublisher} messages, ${subscribers} subscribers: everything is heard once and in order through ${kills} kills of the server, and no gap is told`, async () => {
  const random = randomFrom('sqlite kills');
  const file = join(folder, 'room.db');
  server = await startKillable(script, [file, 0, 2 * total]);
  const { port } = server;
  // The network of the publishers, which can hold back their acks.
  const network = (proxy = await startFaultProxy({ target: { port } }));
  let onMessage = (): void => {};
  const heard = await Promise.all(
    Array.from({ length: subscribers }, () => subscribe(connect(port, random), () => onMessage())),
  );
  const senders = Array.from({ length: publishers }, () => connect(network.port, random));

  // Counted in receipts, so that a slow machine kills as often as a fast one.
  const moments = new Set<number>();
  while (moments.size < kills) moments.add(Math.floor(random() * total * 0.9));
  let receipts = 0;
  let resent = 0;
  let outages = Promise.resolve();

  /** Resolves when everybody has heard of messages whose publisher has no ack. */
  const storedWithoutAck = (): Promise<void> =>
    new Promise((resolve) => {
      onMessage = () => {
        const isUnproven = heard.every(({ messages }) => messages.length > receipts);
        if (!isUnproven && receipts < total) return;
        onMessage = () => {};
        resolve();
      };
      onMessage();
    });
  const outage = async (isAckLost: boolean): Promise<void> => {
    if (isAckLost) {
      // Those of the outage before may not be back yet, and what is held back now would keep them out.
      for (const { connection } of senders)
        await until(connection.state, (state) => state === 'connected');
      network.halfOpen('toClient');
      await storedWithoutAck();
    }
    await server?.kill();
    network.cut();
    network.heal();
    server = await startKillable(script, [file, port, 2 * total]);
  };
  const onReceipt = ({ attempts, serial }: Receipt): void => {
    expect(serial).toBeGreaterThan(0);
    receipts += 1;
    if (attempts > 1) resent += 1;
    if (!moments.delete(receipts - 1)) return;
    const isAckLost = moments.size % 2 === 0;
    outages = outages.then(() => outage(isAckLost));
  };
  await Promise.all(senders.map((sender, at) => publishAll(sender, `p${at}`, onReceipt)));
  await outages;
  expect([receipts, moments.size]).toEqual([total, 0]);
  expect(resent).toBeGreaterThan(0); // or the kills came at moments without meaning
  await senders[0]?.channel('room').publish('end', 0);
  await Promise.all(heard.map(({ ended }) => ended));

  const [first] = heard;
  for (const { messages, gaps } of heard) {
    expect(gaps).toEqual([]);
    expect(messages).toHaveLength(total);
    expect(messages).toEqual(first?.messages);
    for (const at of senders.keys()) {
      const own = messages.filter((message) => message.startsWith(`p${at} `));
      expect(own).toEqual(Array.from({ length: perPublisher }, (_, n) => `p${at} ${n + 1}`));
    }
  }
});
