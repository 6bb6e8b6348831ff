/**
 * A server on a database, killed under load and started again on the same file: no acked message is lost, none comes
 * twice, and nobody is told of a gap.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Gap, type Realtime, type Receipt } from '@anywire/core';
import { afterEach, expect, it } from 'vitest';
import { randomFrom } from '../seed.ts';
import { scale } from '../tier.ts';
import { startSqliteServer, type SqliteProcess } from './sqlite-process.ts';

const publishers = 3;
const subscribers = 5;
const perPublisher = scale(300, 4_000);
const total = publishers * perPublisher;
const kills = scale(4, 20);
/** Unproven publishes of one publisher: below the outbox's bound. */
const inFlight = 50;

const folder = mkdtempSync(join(tmpdir(), 'anywire-killed-'));
const clients: Realtime[] = [];
let server: SqliteProcess | undefined;
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
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

async function subscribe(client: Realtime): Promise<Heard> {
  const room = client.channel('room');
  const messages: string[] = [];
  const gaps: Gap[] = [];
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  room.onGap((gap) => gaps.push(gap));
  room.onAny(({ event, data }) => {
    if (event === 'end') end();
    else messages.push(`${event} ${data as number}`);
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
  server = await startSqliteServer(file, 0, 2 * total);
  const { port } = server;
  const heard = await Promise.all(
    Array.from({ length: subscribers }, () => subscribe(connect(port, random))),
  );
  const senders = Array.from({ length: publishers }, () => connect(port, random));

  // Counted in receipts, so that a slow machine kills as often as a fast one; and some time later, so that it hits
  // publishes that are not yet read, not yet committed, and not yet acked.
  const moments = new Set<number>();
  while (moments.size < kills) moments.add(Math.floor(random() * total * 0.95));
  let receipts = 0;
  let resent = 0;
  let outages = Promise.resolve();
  const outage = async (): Promise<void> => {
    for (let turns = Math.floor(random() * 5); turns > 0; turns -= 1)
      await new Promise((resolve) => setImmediate(resolve));
    await server?.kill();
    server = await startSqliteServer(file, port, 2 * total);
  };
  const onReceipt = ({ attempts, serial }: Receipt): void => {
    expect(serial).toBeGreaterThan(0);
    receipts += 1;
    if (attempts > 1) resent += 1;
    if (moments.delete(receipts - 1)) outages = outages.then(outage);
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
