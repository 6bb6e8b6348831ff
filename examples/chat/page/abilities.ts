/**
 * What the page shows where a backend can do less, decided by capabilities alone: no part of the page knows which
 * backend it talks to. A service may say only when it answers what it lacks, so these are asked anew at each look.
 *
 * @see packages/core/src/capabilities.ts · room.test.ts
 */
import type { Capabilities } from '@anywire/core';

/** Messages that were said before one came can be had. */
export function keepsMessages({ rewind, history }: Capabilities): boolean {
  return rewind !== 'none' || history.support !== 'none';
}

/** Somebody who is in a room is known to be there. */
export function tellsWhoIsHere({ presence }: Capabilities): boolean {
  return presence.support !== 'none';
}

/** One may write at all. */
export function takesMessages({ ack }: Capabilities): boolean {
  return ack !== 'none';
}
