/**
 * No silent loss, on a real network: many messages to many subscribers while connections break at random.
 * Everything arrives exactly once and in order, or the subscriber is told.
 */
import type { Gap, Receipt } from '@anywire/core';
import { afterEach, describe, expect, it } from 'vitest';
import { randomFrom } from '../seed.ts';
import { scale } from '../tier.ts';
import { startFaulty, until, type FaultyClient, type FaultyServer } from './support.ts';

const publishers = 3;
const subscribers = 5;
const perPublisher = scale(200, 2_000);
const cuts = 20;
const rounds = scale(6, 24);

/** Waits for a receipt at the latest when that many publishes are unproven: below the outbox's bound. */
const inFlight = 50;

let running: FaultyServer | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** What one subscriber heard of one channel. */
interface Heard {
  readonly messages: [publisher: string, n: number][];
  readonly gaps: Gap[];
  /** Resolves when the message `end` with this number has come; serial order puts it after all others. */
  ended(n: number): Promise<void>;
}

async function subscribe({ realtime }: FaultyClient, channel: string): Promise<Heard> {
  const room = realtime.channel(channel);
  const messages: [string, number][] = [];
  const gaps: Gap[] = [];
  const ends = new Map<number, () => void>();
  room.onGap((gap) => gaps.push(gap));
  room.onAny(({ event, data }) => {
    if (event === 'end') ends.get(data as number)?.();
    else messages.push([event, data as number]);
  });
  await room.attach();
  return { messages, gaps, ended: (n) => new Promise((resolve) => ends.set(n, resolve)) };
}

/** Publishes 1 … count in order under the name `event`. */
async function publishAll(
  { realtime }: FaultyClient,
  channel: string,
  event: string,
  count: number,
  onReceipt: (receipt: Receipt) => void,
): Promise<void> {
  const unproven: Promise<void>[] = [];
  for (let n = 1; n <= count; n += 1) {
    unproven.push(realtime.channel(channel).publish(event, n).then(onReceipt));
    if (unproven.length >= inFlight) await unproven.shift();
  }
  await Promise.all(unproven);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe(`${publishers} publishers of ${perPublisher} messages each, ${subscribers} subscribers`, () => {
  it(`hear every message once and in order through ${cuts} cuts, and no gap is told`, async () => {
    const random = randomFrom('fan-out');
    const total = publishers * perPublisher;
    running = await startFaulty(publishers + subscribers, { history: { size: 2 * total } }, random);
    const { clients } = running;
    const senders = clients.slice(0, publishers);
    const heard = await Promise.all(
      clients.slice(publishers).map((client) => subscribe(client, 'room')),
    );

    // Moments are counted in receipts, so that a slow machine cuts as often as a fast one; and a few bytes
    // later, so that frames are cut in two.
    const moments = new Set<number>();
    while (moments.size < cuts) moments.add(Math.floor(random() * total * 0.95));
    let receipts = 0;
    let resent = 0;
    const onReceipt = ({ attempts }: Receipt): void => {
      receipts += 1;
      if (attempts > 1) resent += 1;
      if (!moments.delete(receipts - 1)) return;
      const victim = Math.floor(random() * (clients.length + 2)); // some cuts hit everybody
      for (const [index, { proxy }] of clients.entries())
        if (victim === index || victim >= clients.length) proxy.dropAfter(1 + random() * 4_000);
    };
    await Promise.all(
      senders.map((sender, index) =>
        publishAll(sender, 'room', `p${index}`, perPublisher, onReceipt),
      ),
    );
    expect(moments.size).toBe(0);
    expect(resent).toBeGreaterThan(0); // or the cuts came at moments without meaning
    const ends = heard.map(({ ended }) => ended(0));
    await senders[0]?.realtime.channel('room').publish('end', 0);
    await Promise.all(ends);

    for (const { messages, gaps } of heard) {
      expect(gaps).toEqual([]);
      expect(messages).toHaveLength(total);
      for (const index of senders.keys()) {
        const own = messages.filter(([publisher]) => publisher === `p${index}`);
        expect(own.map(([, n]) => n)).toEqual(upTo(perPublisher));
      }
    }
  });

  it(`are told of a loss once for each channel, in ${rounds} outages longer or shorter than the history of 20`, async () => {
    const random = randomFrom('loss');
    const kept = 20;
    running = await startFaulty(1 + subscribers, { history: { size: kept } }, random);
    const [sender, ...receivers] = running.clients as [FaultyClient, ...FaultyClient[]];
    const channels = ['busy', 'quiet'];
    const heard = await Promise.all(
      receivers.map((client) => Promise.all(channels.map((channel) => subscribe(client, channel)))),
    );

    for (let round = 1; round <= rounds; round += 1) {
      const away = receivers.filter(() => random() < 0.5);
      for (const { proxy } of away) {
        proxy.refuse();
        proxy.cut();
      }
      for (const { realtime } of away)
        await until(realtime.connection.state, (state) => state === 'reconnecting');
      // Around the bound: the missed message that is one too many matters most.
      const missed = [Math.floor(random() * 4) + kept - 1, Math.floor(random() * 3)];
      for (const [index, channel] of channels.entries())
        await publishAll(sender, channel, `round ${round}`, missed[index] as number, () => {});
      for (const { proxy } of away) proxy.heal();
      for (const { realtime } of away)
        for (const channel of channels)
          await until(realtime.channel(channel).state, (state) => state === 'attached');
      for (const [index, channel] of channels.entries()) {
        const ends = heard.map(async (ofReceiver) => ofReceiver[index]?.ended(round));
        await sender.realtime.channel(channel).publish('end', round);
        await Promise.all(ends);
      }

      for (const [receiver, ofReceiver] of heard.entries()) {
        for (const [index, { messages, gaps }] of ofReceiver.entries()) {
          const where = `round ${round}, receiver ${receiver}, ${channels[index]}`;
          const wasAway = away.includes(receivers[receiver] as FaultyClient);
          const count = missed[index] as number;
          const isLost = wasAway && count > kept;
          const numbers = messages.splice(0).map(([, n]) => n);
          if (!isLost) expect(numbers, where).toEqual(upTo(count));
          else expect(numbers.length, where).toBeLessThan(count);
          const told = gaps.splice(0).map(({ channel, continuity }) => [channel, continuity]);
          expect(told, where).toEqual(isLost ? [[channels[index], 'lost']] : []);
        }
      }
    }
  });
});
