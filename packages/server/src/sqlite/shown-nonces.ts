/**
 * Which bindings of nonces are written down: those of nonces that a message has shown to others.
 *
 * Before that nobody can use it but its owner. An anonymous client that has not yet heard its resume secret when the process is
 * killed could not prove after the restart that a nonce is its own, and would be refused for good.
 *
 * @see nonces.ts · sqlite.ts · restart.test.ts
 */
import { nonceOf } from '@anywire/protocol';
import type { KeptBinding } from '../nonces.ts';

export interface ShownNonces {
  /** From the table of nonces. */
  changed(nonce: string, binding: KeptBinding | undefined): void;
  /** A message with this id goes out, or is stored. */
  show(id: string): void;
  /** It is in the file. */
  restored(nonce: string): void;
}

/** @param write - Writes a binding down, or drops it. */
export function shownNonces(
  write: (nonce: string, binding: KeptBinding | undefined) => void,
): ShownNonces {
  const written = new Set<string>();
  /** In use, and not shown. */
  const hidden = new Map<string, KeptBinding>();
  return {
    changed(nonce, binding) {
      if (written.has(nonce)) {
        write(nonce, binding);
        if (!binding) written.delete(nonce);
      } else if (binding?.releasedAt === undefined && binding) hidden.set(nonce, binding);
      else hidden.delete(nonce);
    },
    show(id) {
      if (hidden.size === 0) return;
      const nonce = nonceOf(id);
      const binding = hidden.get(nonce);
      if (!binding) return;
      hidden.delete(nonce);
      // A copy: it may be a slice of a frame, which would live as long as the binding.
      const own = Buffer.from(nonce).toString();
      written.add(own);
      write(own, binding);
    },
    restored: (nonce) => void written.add(nonce),
  };
}
