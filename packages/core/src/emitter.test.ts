import { describe, expect, it } from 'vitest';
import { Emitter, unsubscriber } from './emitter.ts';

describe('Emitter', () => {
  it('calls 2 registrations of one function, and 1 after one was stopped twice', () => {
    const emitter = new Emitter<number>(() => {});
    const seen: number[] = [];
    const fn = (value: number): void => void seen.push(value);
    const off = emitter.on(fn);
    emitter.on(fn);
    emitter.emit(1);
    off();
    off();
    emitter.emit(2);
    expect(seen).toEqual([1, 1, 2]);
    expect(emitter.size).toBe(1);
  });

  it('hands what a listener throws to its owner, and calls the next one', () => {
    const thrown: unknown[] = [];
    const emitter = new Emitter<number>((error) => thrown.push(error));
    const seen: number[] = [];
    emitter.on(() => {
      throw new Error('mine');
    });
    emitter.on((value) => seen.push(value));
    emitter.emit(1);
    expect(seen).toEqual([1]);
    expect(thrown).toEqual([new Error('mine')]);
  });

  it('stops at its signal, at once when that has fired, and forgets the signal when stopped', () => {
    const emitter = new Emitter<number>(() => {});
    const abort = new AbortController();
    emitter.on(() => {}, abort.signal);
    expect(emitter.size).toBe(1);
    abort.abort();
    expect(emitter.size).toBe(0);
    emitter.on(() => {}, abort.signal);
    expect(emitter.size).toBe(0);
  });
});

describe('unsubscriber', () => {
  it('runs once, of 3 ways to call it', () => {
    let count = 0;
    const abort = new AbortController();
    const off = unsubscriber(() => (count += 1), abort.signal);
    off[Symbol.dispose](); // as `using` does
    off();
    abort.abort();
    expect(count).toBe(1);
  });
});
