/**
 * Web Locks of one origin, without a browser: each tab asks through a manager of its own, and loses what it holds when
 * it is killed.
 */
import type { Locks } from '@anywire/core/persist';

/** One tab's view of the locks. */
export interface FakeLocks extends Locks {
  /** The tab is gone: its locks are free, and it gets no other. */
  kill(): void;
}

export interface LockManager {
  tab(): FakeLocks;
  /** Names that are held. */
  readonly held: readonly string[];
}

interface Request {
  readonly tab: FakeLocks;
  readonly grant: () => void;
}

export function fakeLocks(): LockManager {
  const holders = new Map<string, FakeLocks>();
  const queues = new Map<string, Request[]>();
  const dead = new Set<FakeLocks>();

  function next(name: string): void {
    if (holders.has(name)) return;
    const request = queues.get(name)?.shift();
    if (!request) return;
    if (dead.has(request.tab)) return next(name);
    holders.set(name, request.tab);
    request.grant();
  }

  function tab(): FakeLocks {
    const free = (name: string): void => {
      if (holders.get(name) === locks) holders.delete(name);
      next(name);
    };
    const locks: FakeLocks = {
      async request(name, { ifAvailable = false, signal }, fn) {
        if (ifAvailable && (holders.has(name) || queues.get(name)?.length)) return fn(null);
        await new Promise<void>((grant, refuse) => {
          const request = { tab: locks, grant };
          queues.set(name, [...(queues.get(name) ?? []), request]);
          signal?.addEventListener('abort', () => {
            const queue = queues.get(name) ?? [];
            if (!queue.includes(request)) return;
            queues.set(name, queue.filter((other) => other !== request)); // prettier-ignore
            refuse(new DOMException('aborted', 'AbortError'));
          });
          next(name);
        });
        try {
          return await fn({ name });
        } finally {
          free(name);
        }
      },
      kill() {
        dead.add(locks);
        for (const [name, holder] of holders) if (holder === locks) free(name);
      },
    };
    return locks;
  }
  return {
    tab,
    get held() {
      return [...holders.keys()];
    },
  };
}
