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

/** What an engine writes down of a binding; `releasedAt` is undefined while it is in use. */
export interface KeptBinding {
  readonly owner: string;
  readonly releasedAt: number | undefined;
}

export interface NonceTable {
  /** Binds `nonce`, and counts a use. False when it belongs to none of `owners`. */
  claim(nonce: string, owners: readonly string[]): boolean;
  release(nonce: string, now: number): void;
  /** Drops what has been unused since before `time`. */
  expire(time: number): void;
  /** A binding of an earlier run that nobody uses, in the order of their release. */
  restore(nonce: string, owner: string, releasedAt: number): void;
  readonly size: number;
}

/**
 * @param maxIdle - Bindings kept that no connection uses.
 * @param changed - Hears of each binding that is another one now, or none.
 */
export function nonceTable(
  maxIdle = 100_000,
  changed: (nonce: string, binding: KeptBinding | undefined) => void = () => {},
): NonceTable {
  const inUse = new Map<string, Binding>();
  /** In the order of their release. */
  const idle = new Map<string, Binding>();
  const forget = (nonce: string): void => {
    idle.delete(nonce);
    changed(nonce, undefined);
  };
  const keep = (nonce: string, binding: Binding): void => {
    idle.set(nonce, binding);
    if (idle.size <= maxIdle) return;
    for (const oldest of idle.keys()) {
      forget(oldest);
      break;
    }
  };
  return {
    claim(nonce, owners) {
      const binding = inUse.get(nonce) ?? idle.get(nonce);
      if (binding && !owners.includes(binding.owner)) return false;
      idle.delete(nonce);
      const owner = owners[0] ?? '';
      const uses = (binding?.uses ?? 0) + 1;
      inUse.set(nonce, { owner, uses, releasedAt: 0 });
      if (uses === 1 || binding?.owner !== owner) changed(nonce, { owner, releasedAt: undefined });
      return true;
    },
    release(nonce, now) {
      const binding = inUse.get(nonce);
      if (!binding || --binding.uses > 0) return;
      binding.releasedAt = now;
      inUse.delete(nonce);
      changed(nonce, { owner: binding.owner, releasedAt: now });
      keep(nonce, binding);
    },
    expire(time) {
      for (const [nonce, { releasedAt }] of idle) {
        if (releasedAt >= time) break;
        forget(nonce);
      }
    },
    restore: (nonce, owner, releasedAt) => keep(nonce, { owner, uses: 0, releasedAt }),
    get size() {
      return inUse.size + idle.size;
    },
  };
}
