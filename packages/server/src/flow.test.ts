import { describe, expect, it } from 'vitest';
import { chain, run, wait, type Flow } from './flow.ts';

const never = (): boolean => false;

describe('a flow', () => {
  it('is done at once when nothing has to wait', () => {
    const seen: number[] = [];
    const flow = function* (): Flow {
      seen.push(yield* wait(1));
      seen.push(yield* wait(2));
    };
    expect(run(flow(), never)).toBeUndefined();
    expect(seen).toEqual([1, 2]);
  });

  it('waits for promises, and sees their failures where it waits', async () => {
    const seen: unknown[] = [];
    const flow = function* (): Flow {
      seen.push(yield* wait(Promise.resolve(1)));
      try {
        yield* wait(Promise.reject(new Error('no')));
      } catch (error) {
        seen.push((error as Error).message);
      }
      throw new Error('out');
    };
    await expect(run(flow(), never)).rejects.toThrow('out');
    expect(seen).toEqual([1, 'no']);
  });

  it('ends at its next pause when it is over, and cleans up', async () => {
    const seen: string[] = [];
    const flow = function* (): Flow {
      try {
        yield* wait(Promise.resolve());
        seen.push('went on');
      } finally {
        seen.push('cleaned up');
      }
    };
    await run(flow(), () => true);
    expect(seen).toEqual(['cleaned up']);
  });

  it('throws at once what it throws before its first pause', () => {
    // eslint-disable-next-line require-yield
    const flow = function* (): Flow {
      throw new Error('at once');
    };
    expect(() => run(flow(), never)).toThrow('at once');
  });

  it('chains values and promises alike', async () => {
    expect(chain(1, (value) => value + 1)).toBe(2);
    await expect(chain(Promise.resolve(1), (value) => value + 1)).resolves.toBe(2);
  });
});
