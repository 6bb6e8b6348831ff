/**
 * The one scale of every test that counts something: how many rounds, clients or messages it takes.
 *
 * `npm test` is the quick tier, `npm run test:full` the full one: the same tests, larger counts.
 * Nothing else reads `ANYWIRE_TIER`.
 */
import { readEnv } from './env.ts';

export type Tier = 'quick' | 'full';

/** The tier of this run: `ANYWIRE_TIER`. @default 'quick' */
export const tier: Tier = readEnv('ANYWIRE_TIER') === 'full' ? 'full' : 'quick';

/**
 * Picks the count of the current tier.
 *
 * @example const rounds = scale(200, 20_000);
 */
export function scale<T>(quick: T, full: T): T {
  return tier === 'full' ? full : quick;
}
