/** All that the service can promise is kept, and the rest is told: over cuts of who sends, and of who listens. */
import { expect, it } from 'vitest';
import { startScene } from './scene.ts';

const total = 2_000;
const cuts = 10;
const step = total / cuts;

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((n, index) => index === 0 || n > (numbers[index - 1] ?? 0));

/** Before which places something is missing. */
const holesIn = (numbers: readonly number[]): number[] =>
  numbers.flatMap((n, index) =>
    n === (index === 0 ? 0 : (numbers[index - 1] ?? 0) + 1) ? [] : [index],
  );

it(`${total} messages over ${cuts} cuts of their sender: what was accepted is heard once, in order, and each gap is a hole`, async () => {
  const scene = await startScene();
  const [ann, bob] = await Promise.all([scene.client('ann'), scene.client('bob')]);
  const heard: number[] = [];
  const gaps: number[] = [];
  const room = bob.realtime.channel('room');
  // Where it was told: after so many messages.
  room.onGap(() => gaps.push(heard.length));
  let heardLast = (): void => {};
  const last = new Promise<void>((resolve) => (heardLast = resolve));
  room.on('e', (n) => {
    if (n === total) heardLast();
    else heard.push(n as number);
  });
  const sending = ann.realtime.channel('room');
  await Promise.all([room.attach(), sending.attach()]);
  const accepted: number[] = [];
  const codes = new Set<string>();
  for (let from = 0; from < total; from += step) {
    const receipts = Array.from({ length: step }, async (_, n) => {
      try {
        const { level } = await sending.publish('e', from + n);
        expect(level).toBe('accepted');
        accepted.push(from + n);
      } catch (error) {
        codes.add((error as { code: string }).code);
      }
    });
    await receipts[step / 2 - 1];
    ann.proxy.cut();
    await Promise.all(receipts);
  }
  await sending.publish('e', total);
  await last;
  expect(isAscending(heard)).toBe(true);
  expect(new Set(heard).size).toBe(heard.length);
  expect(accepted.filter((n) => !heard.includes(n))).toEqual([]);
  expect([...codes].filter((code) => code !== 'outcome_unknown')).toEqual([]);
  expect(accepted.length).toBeGreaterThan(total / 2);
  // What never got there left a hole in the numbers of its sender.
  expect(gaps.filter((at) => !holesIn(heard).includes(at) && at < heard.length)).toEqual([]);
});

it(`${total} messages over ${cuts} cuts of their listener: none twice, in order, and each hole is told`, async () => {
  const scene = await startScene();
  const [ann, bob] = await Promise.all([scene.client('ann'), scene.client('bob')]);
  const heard: number[] = [];
  const gaps: number[] = [];
  const room = bob.realtime.channel('room');
  // Where it was told: after so many messages.
  room.onGap(() => gaps.push(heard.length));
  let heardLast = (): void => {};
  const last = new Promise<void>((resolve) => (heardLast = resolve));
  room.on('e', (n) => {
    heard.push(n as number);
    if (n === total) heardLast();
  });
  const sending = ann.realtime.channel('room');
  await Promise.all([room.attach(), sending.attach()]);
  for (let from = 0; from < total; from += step) {
    const receipts = Array.from({ length: step }, (_, n) => sending.publish('e', from + n));
    await receipts[step / 2 - 1];
    const gone = new Promise<void>((resolve) => {
      room.state.subscribe((state) => {
        if (state !== 'attached') resolve();
      });
    });
    bob.proxy.cut();
    await Promise.all([...receipts, gone]);
    await room.attach();
  }
  await sending.publish('e', total);
  await last;
  expect(isAscending(heard)).toBe(true);
  expect(holesIn(heard).filter((at) => !gaps.includes(at))).toEqual([]);
  expect(gaps).toHaveLength(cuts);
});
