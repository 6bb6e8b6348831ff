/**
 * Secrets as digests, to be compared: digests have one length, so that neither a secret nor its length shows in the time
 * that a comparison takes.
 *
 * @see server-keys.ts · token-check.ts
 */
import { createHash } from 'node:crypto';

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
