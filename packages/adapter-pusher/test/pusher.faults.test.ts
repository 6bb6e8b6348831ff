/**
 * Messages through Pusher while connections are cut: with a store all arrive, once and in order; without one, what may be missing
 * is told.
 */
import type { Gap, Realtime } from '@anywire/core';
import { memory } from '@anywire/server/store';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../tests/seed.ts';
import { openScene, type Scene } from './backend-scene.ts';

const messages = 2_000;
const cuts = 10;

interface Witness {
  readonly heard: (readonly [serial: unknown, n: unknown])[];
  readonly gaps: Gap[];
  all(): Promise<void>;
}

async function listen(realtime: Realtime, wanted: number): Promise<Witness> {
  const room = realtime.channel('room:1');
  const heard: (readonly [unknown, unknown])[] = [];
  const gaps: Gap[] = [];
  let done = (): void => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  room.on('e', (n, { serial }) => {
    heard.push([serial, n]);
    if (heard.length === wanted) done();
  });
  room.onGap((gap) => gaps.push(gap));
  await room.attach();
  return { heard, gaps, all: () => all };
}

/** Publishes all, and cuts everybody's connection after each part of them. */
async function publishUnderCuts(scene: Scene, random: () => number): Promise<void> {
  const room = scene
    .client('eve', { store: false }, { outboxMessages: messages })
    .channel('room:1');
  const every = messages / (cuts + 1);
  const sent: Promise<unknown>[] = [];
  for (let n = 0; n < messages; n++) {
    sent.push(room.publish('e', n));
    if (n % Math.round(every) === Math.round(every) - 1 && sent.length > 1) {
      // Somewhere in the part that was just handed over.
      await sent[sent.length - 1 - Math.floor(random() * every)];
      scene.service.drop();
    }
  }
  await Promise.all(sent);
}

describe(`${messages} messages through the backend, and ${cuts} cuts`, () => {
  it('reach each of 3 subscribers once and in order where there is a store, and no gap is told', async () => {
    const scene = await openScene({
      // What is published in one cut may be more than what is kept by default.
      backend: { store: memory(), history: { size: messages } },
    });
    const witnesses = await Promise.all(
      [0, 1, 2].map((n) =>
        listen(
          // A cut may last, on a busy machine, while more than 1,000 messages are published.
          scene.client(`bob${n}`, { store: true, quietMs: 1_000 }, { repairMessages: messages }),
          messages,
        ),
      ),
    );
    await publishUnderCuts(scene, randomFrom('cuts'));
    for (const { heard, gaps, all } of witnesses) {
      await all();
      expect(gaps).toEqual([]);
      expect(heard.map(([serial]) => serial)).toEqual(
        Array.from({ length: messages }, (_, n) => n + 1),
      );
      expect(heard.map(([, n]) => n)).toEqual(Array.from({ length: messages }, (_, n) => n));
    }
  });

  it('leave a gap that is told to each of 3 subscribers where nothing is kept, and none comes twice', async () => {
    const scene = await openScene();
    const witnesses = await Promise.all(
      [0, 1, 2].map((n) => listen(scene.client(`bob${n}`), messages)),
    );
    await publishUnderCuts(scene, randomFrom('cuts'));
    const last = scene.client('eve').channel('room:1');
    await Promise.all(
      witnesses.map(async ({ heard, gaps }) => {
        // The end is published until it is heard: a subscriber may just be away.
        while (heard.at(-1)?.[1] !== 'end') {
          await last.publish('e', 'end');
        }
        const numbers = heard.map(([, n]) => n).filter((n) => n !== 'end');
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(gaps.length).toBeGreaterThan(0);
        expect(gaps.length).toBeLessThanOrEqual(cuts);
        for (const { continuity } of gaps) expect(continuity).toBe('unknown');
      }),
    );
  });
});
