/**
 * How long to wait before a retry.
 *
 * Full jitter: uniform in `[0, min(maxMs, minMs x 2^failures))`, so that clients that were dropped together
 * do not come back together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(
  failures: number,
  { reconnectMinMs, reconnectMaxMs }: { reconnectMinMs: number; reconnectMaxMs: number },
  random: () => number,
): number {
  return random() * Math.min(reconnectMaxMs, reconnectMinMs * 2 ** failures);
}
