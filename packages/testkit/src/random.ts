/**
 * Randomness that can be repeated: what a test hands to `createRealtime({ random })`.
 */

/**
 * Numbers in `[0, 1)` that depend on the seed alone (mulberry32).
 *
 * @param seed - Any integer; its low 32 bits count.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
