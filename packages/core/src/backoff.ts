/**
 * How long to wait before a retry.
 *
 * Full jitter: uniform in `[0, min(maxMs, minMs x 2^failures))`, so that clients that were dropped together
 * do not come back together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
import type { Defaults } from './options.ts';

type BackoffOptions = Pick<Defaults, 'reconnectMinMs' | 'reconnectMaxMs'> & {
  readonly random: () => number;
};

/** A time to wait after so many failures in a row. */
export function backoffMs(
  failures: number,
  { reconnectMinMs, reconnectMaxMs, random }: BackoffOptions,
): number {
  return random() * Math.min(reconnectMaxMs, reconnectMinMs * 2 ** failures);
}
