import { describe, expect, it } from 'vitest';
import { createStore } from './store.ts';

const strict = (error: unknown): never => {
  throw error;
};

describe('createStore', () => {
  it('calls a subscriber at once, and once for each change', () => {
    const store = createStore(1, strict);
    const seen: number[] = [];
    store.subscribe((value) => seen.push(value));
    store.set(2);
    store.set(2);
    store.set(3);
    expect(seen).toEqual([1, 2, 3]);
    expect(store.get()).toBe(3);
  });

  it('takes NaN for equal to NaN, and 0 for different from -0', () => {
    const store = createStore(NaN, strict);
    const seen: number[] = [];
    store.subscribe((value) => seen.push(value));
    store.set(NaN);
    store.set(0);
    store.set(-0);
    expect(seen).toEqual([NaN, 0, -0]);
  });

  it('stops when told, twice', () => {
    const store = createStore(1, strict);
    const seen: number[] = [];
    const stop = store.subscribe((value) => seen.push(value));
    stop();
    stop();
    store.set(2);
    expect(seen).toEqual([1]);
  });

  it('reports a subscriber that throws, also in its first call, and goes on', () => {
    const thrown: unknown[] = [];
    const store = createStore(1, (error) => thrown.push(error));
    store.subscribe(() => {
      throw new Error('mine');
    });
    store.set(2);
    expect(thrown).toHaveLength(2);
    expect(store.get()).toBe(2);
  });

  it('tells a subscriber of a change that it makes itself in its first call', () => {
    const store = createStore(1, strict);
    const seen: number[] = [];
    store.subscribe((value) => {
      seen.push(value);
      if (value === 1) store.set(2);
    });
    expect(seen).toEqual([1, 2]);
  });

  it('ends with the newest value for both of 2 subscribers when the first changes it again', () => {
    const store = createStore(1, strict);
    const first: number[] = [];
    const second: number[] = [];
    store.subscribe((value) => {
      first.push(value);
      if (value === 2) store.set(3);
    });
    store.subscribe((value) => second.push(value));
    store.set(2);
    expect(first).toEqual([1, 2, 3]);
    expect(second.at(-1)).toBe(3);
    expect(second.filter((value) => value === 3)).toHaveLength(1);
  });
});
