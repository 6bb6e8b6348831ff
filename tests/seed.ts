/**
 * Reproducible randomness: one seed a run, printed once by each file that uses it.
 *
 * A failure is replayed with `SEED=<number> npm test` (or the same in front of a vitest command).
 */
import { readEnv } from './env.ts';

/** The seed of this run, an unsigned 32-bit integer: `SEED`, or a fresh one. */
export const seed: number = toSeed(readEnv('SEED'));

console.info(`seed: replay with SEED=${seed}`);

/**
 * A deterministic source of numbers in `[0, 1)` (mulberry32).
 *
 * @param salt - Names the test, so that tests of one file do not share one sequence.
 */
export function randomFrom(salt: string, from: number = seed): () => number {
  let state = from;
  for (const char of salt) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01_00_01_93);
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function toSeed(text: string | undefined): number {
  if (text === undefined || text === '') return Math.floor(Math.random() * 2 ** 32);
  const given = Number(text);
  if (!Number.isInteger(given)) throw new Error(`SEED must be an integer, got "${text}"`);
  return given >>> 0;
}
