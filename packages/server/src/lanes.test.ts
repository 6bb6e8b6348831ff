import { describe, expect, it } from 'vitest';
import { createLanes } from './lanes.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('lanes', () => {
  it('run their jobs one after the other, each lane by itself', async () => {
    const lanes = createLanes({ pause: () => {}, resume: () => {} });
    const done: string[] = [];
    let release = (): void => {};
    lanes.hold('a', new Promise((resolve) => (release = resolve)));
    lanes.hold('b', Promise.resolve());
    for (const n of [1, 2, 3])
      for (const lane of ['a', 'b'])
        lanes.add(
          lane,
          async () => {
            await turn();
            done.push(`${lane}${n}`);
          },
          0,
        );
    await turn();
    await turn();
    await turn();
    await turn();
    expect(done).toEqual(['b1', 'b2', 'b3']);
    release();
    await turn();
    await turn();
    await turn();
    await turn();
    expect(done).toEqual(['b1', 'b2', 'b3', 'a1', 'a2', 'a3']);
    expect([lanes.isBusy('a'), lanes.isBusy('b')]).toEqual([false, false]);
  });

  it('stop the reader at 128 waiting jobs, and start it again at 64', async () => {
    const calls: string[] = [];
    let left = 0;
    const lanes = createLanes({
      pause: () => calls.push('pause'),
      resume: () => calls.push(`resume with ${left} left`),
    });
    let release = (): void => {};
    lanes.hold('a', new Promise((resolve) => (release = resolve)));
    for (left = 0; left < 127; left++) lanes.add('a', () => void (left -= 1), 0);
    expect(calls).toEqual([]);
    lanes.add('a', () => void (left -= 1), 0);
    left += 1;
    expect(calls).toEqual(['pause']);
    release();
    await turn();
    expect(calls).toEqual(['pause', 'resume with 65 left']);
  });

  it('stop the reader at 256 KiB too', () => {
    const calls: string[] = [];
    const lanes = createLanes({ pause: () => calls.push('pause'), resume: () => {} });
    lanes.hold('a', new Promise(() => {}));
    for (let n = 0; n < 3; n++) lanes.add('a', () => {}, 65_000);
    expect(calls).toEqual([]);
    lanes.add('a', () => {}, 65_000);
    expect(calls).toEqual(['pause']);
  });

  it('counts what keeps no lane, and reads on when enough of it is done', async () => {
    const calls: string[] = [];
    const lanes = createLanes({
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
    });
    const done: (() => void)[] = [];
    for (let n = 0; n < 128; n++) lanes.count(new Promise((resolve) => done.push(resolve)), 0);
    expect([calls, lanes.isBusy('a')]).toEqual([['pause'], false]);
    for (const finish of done.splice(0, 63)) finish();
    await Promise.resolve();
    expect(calls).toEqual(['pause']);
    for (const finish of done.splice(0, 1)) finish();
    await Promise.resolve();
    expect(calls).toEqual(['pause', 'resume']);
  });
});
