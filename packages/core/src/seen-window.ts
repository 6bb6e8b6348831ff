/**
 * Which numbers of one counter were seen: the highest, and a bit for each of the 1,024 up to it.
 *
 * @see delivered.ts · seen-window.test.ts
 */

/** A power of two. */
const size = 1_024;

export class SeenWindow {
  /** NaN before the first: nothing is higher or lower. */
  highest: number = NaN;
  readonly #bits = new Uint32Array(size / 32);

  /** Whether `n` was seen. Below the window nobody knows, and it is taken for new. */
  has(n: number): boolean {
    return n <= this.highest && n > this.highest - size && (this.#word(n) & (1 << n)) !== 0;
  }

  add(n: number): void {
    if (n <= this.highest - size) return;
    if (!(n <= this.highest)) {
      // What enters takes the bits of what leaves.
      const first = Math.max(this.highest, n - size) + 1 || n;
      for (let entering = first; entering <= n; entering++) this.#set(entering, 0);
      this.highest = n;
    }
    this.#set(n, 1);
  }

  #word(n: number): number {
    return this.#bits[(n & (size - 1)) >> 5] as number;
  }

  #set(n: number, bit: 0 | 1): void {
    this.#bits[(n & (size - 1)) >> 5] = (this.#word(n) & ~(1 << n)) | (bit << n);
  }
}
