/**
 * Who owns which nonce. A nonce stands in every message id, so everybody who receives a message knows it; what
 * keeps others from publishing under it is this table.
 *
 * Bounded: beyond `maxIdle` the ones that have been unused for longest go first. One in use never goes.
 *
 * @see nonces.test.ts · docs/protocol.md#connect
 */

interface Binding {
  owner: string;
  /** Connections that use it now. */
  uses: number;
  releasedAt: number;
}

export interface NonceTable {
  /** Binds `nonce`, and counts a use. False when it belongs to none of `owners`. */
  claim(nonce: string, owners: readonly string[]): boolean;
  release(nonce: string, now: number): void;
  /** Drops what has been unused since before `time`. */
  expire(time: number): void;
  readonly size: number;
}

/** @param maxIdle - Bindings kept that no connection uses. */
export function nonceTable(maxIdle = 100_000): NonceTable {
  const inUse = new Map<string, Binding>();
  /** In the order of their release. */
  const idle = new Map<string, Binding>();
  return {
    claim(nonce, owners) {
      const binding = inUse.get(nonce) ?? idle.get(nonce);
      if (binding && !owners.includes(binding.owner)) return false;
      idle.delete(nonce);
      const owner = owners[0] ?? '';
      inUse.set(nonce, { owner, uses: (binding?.uses ?? 0) + 1, releasedAt: 0 });
      return true;
    },
    release(nonce, now) {
      const binding = inUse.get(nonce);
      if (!binding || --binding.uses > 0) return;
      binding.releasedAt = now;
      inUse.delete(nonce);
      idle.set(nonce, binding);
      if (idle.size <= maxIdle) return;
      for (const oldest of idle.keys()) {
        idle.delete(oldest);
        break;
      }
    },
    expire(time) {
      for (const [nonce, { releasedAt }] of idle) {
        if (releasedAt >= time) break;
        idle.delete(nonce);
      }
    },
    get size() {
      return inUse.size + idle.size;
    },
  };
}
