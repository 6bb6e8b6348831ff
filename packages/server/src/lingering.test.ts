import { virtualClock } from '@anywire/testkit/clock';
import { expect, it } from 'vitest';
import { lingering } from './lingering.ts';

it('1,000 things rest 15 s each by one timer, and end in the order in which they began', async () => {
  const clock = virtualClock();
  const over: number[] = [];
  const resting = lingering<number>(clock, 15_000, (item) => over.push(item));
  for (let item = 0; item < 1_000; item++) {
    resting.begin(item);
    await clock.advance(1);
  }
  expect([resting.size, clock.pending]).toEqual([1_000, 1]);
  await clock.advance(14_000);
  expect(over).toEqual([0]);
  await clock.advance(999);
  expect(over).toHaveLength(1_000);
  expect(over).toEqual(over.toSorted((a, b) => a - b));
  expect(clock.pending).toBe(0);
});

it('what is back does not end, and what rests again begins anew', async () => {
  const clock = virtualClock();
  const over: string[] = [];
  const resting = lingering<string>(clock, 15_000, (item) => over.push(item));
  for (const item of ['back', 'again', 'still']) resting.begin(item);
  await clock.advance(10_000);
  resting.end('back');
  resting.begin('again');
  await clock.advance(5_000);
  expect(over).toEqual(['still']);
  await clock.advance(10_000);
  expect(over).toEqual(['still', 'again']);
});

it('beyond a bound, the one that rested for longest ends; and closing hands out the rest', async () => {
  const clock = virtualClock();
  const over: number[] = [];
  const resting = lingering<number>(clock, 15_000, (item) => over.push(item), 3);
  for (let item = 0; item < 5; item++) resting.begin(item);
  expect(over).toEqual([0, 1]);
  expect([...resting.close()]).toEqual([2, 3, 4]);
  await clock.advance(60_000);
  expect([over.length, resting.size, clock.pending]).toEqual([2, 0, 0]);
});
