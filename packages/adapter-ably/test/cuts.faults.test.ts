/** Nothing lost, nothing twice, and no gap told where there was none: over cuts and answers that never come. */
import type { Gap } from '@anywire/core';
import { afterEach, expect, it } from 'vitest';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const total = 2_000;
const cuts = 10;

it(`${total} messages over ${cuts} cuts, with 20 answers lost: each once, in order, and no gap is told`, async () => {
  scene = await startScene();
  const [ann, bob] = [scene.client(), scene.client()];
  const heard: unknown[] = [];
  const gaps: Gap[] = [];
  const room = bob.channel('room');
  room.onGap((gap) => gaps.push(gap));
  const all = new Promise<void>((resolve) => {
    room.on('e', (data) => {
      heard.push(data);
      if (heard.length === total) resolve();
    });
  });
  await room.attach();
  const sending = ann.channel('room');
  const step = total / cuts;
  for (let from = 0; from < total; from += step) {
    const receipts = Array.from({ length: step }, (_, n) => sending.publish('e', from + n));
    scene.service.loseAcks(2);
    await receipts[step / 2 - 1]?.catch(() => {});
    scene.proxy.cut();
    for (const { level } of await Promise.all(receipts)) expect(level).toBe('stored');
  }
  await all;
  expect(heard).toEqual(Array.from({ length: total }, (_, n) => n));
  expect(gaps).toEqual([]);
});

it('messages that were missed beyond the window are told as lost, or repaired from history', async () => {
  scene = await startScene({ times: { connectionStateTtlMs: 100 } });
  const [ann, bob] = [scene.client(), scene.client()];
  const gaps: Gap[] = [];
  const room = bob.channel('room');
  const told = new Promise<void>((resolve) => {
    room.onGap((gap) => {
      gaps.push(gap);
      resolve();
    });
  });
  room.on('e', () => {});
  await room.attach();
  await ann.channel('room').publish('e', 1);
  scene.service.forget();
  await told;
  expect(gaps).toMatchObject([{ continuity: 'lost' }]);
});
