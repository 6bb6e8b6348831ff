/**
 * Who owns which records: the client that holds the Web Lock of its nonce. The browser gives the lock back when the tab
 * is gone, however it went.
 *
 * @see https://www.w3.org/TR/web-locks/
 */

/** What is needed of `navigator.locks`. */
export interface Locks {
  request<Value>(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    fn: (lock: unknown) => Value | Promise<Value>,
  ): Promise<Value>;
}

/** The lock of the client with this nonce. */
export const lockName = (nonce: string): string => `anywire.outbox:${nonce}`;

/** Our own. Free while nothing is kept, because a page that holds a lock has no place in the back/forward cache. */
export class OwnLock {
  readonly #locks: Locks;
  readonly #name: string;
  #held: Promise<void> | undefined;
  #release = (): void => {};

  constructor(locks: Locks, nonce: string) {
    this.#locks = locks;
    this.#name = lockName(nonce);
  }

  /** Resolves when it is ours; until `release`. */
  acquire(): Promise<void> {
    return (this.#held ??= new Promise((granted, failed) => {
      const waiting = new AbortController();
      const released = new Promise<void>((resolve) => {
        this.#release = () => {
          this.#held = undefined;
          waiting.abort();
          resolve();
        };
      });
      this.#locks
        .request(this.#name, { signal: waiting.signal }, () => {
          granted();
          return released;
        })
        .catch(failed);
    }));
  }

  release(): void {
    this.#release();
  }
}
