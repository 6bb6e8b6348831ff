/**
 * What one address may have of this process: attempts to connect in a second, and connections at a time. Asked before the
 * handshake, where a refusal costs least.
 *
 * @see client-address.ts for whose address it is · tallies.ts · addresses.test.ts
 */
import { drawn, rate, waitMs } from './bucket.ts';
import { addressKey } from './client-address.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { count, type Meter } from './meter.ts';
import type { Limits } from './options.ts';
import { createTallies, type Tally } from './tallies.ts';

/** Why an address is refused; the answer is HTTP 429. */
export interface Excess {
  readonly limit: 'addressRate' | 'addressConnections';
  readonly retryAfterMs: number;
}

export interface Addresses {
  /** Counts an attempt to connect, or a share of one. Where it is one too many, nothing else is done for it. */
  attempt(address: string | undefined, share?: number): Excess | undefined;
  /** A connection came. Undefined where it has no address: nobody else has either. */
  enter(address: string | undefined): Tally | undefined;
  /** It has gone. */
  leave(tally: Tally | undefined): void;
  /** More connections than one address may have: a transport did not ask before. */
  isOver(tally: Tally | undefined): boolean;
  readonly size: number;
  close(): void;
}

/** When others may have gone. */
const retryLaterMs = 10_000;

export function createAddresses(limits: Limits, clock: Clock, meter: Meter, log: Log): Addresses {
  const attempts = rate(limits.addressRate, limits.addressBurst);
  const tallies = createTallies(clock, attempts.fillMs);

  function refused(tally: Tally, limit: Excess['limit'], retryAfterMs: number): Excess {
    count(meter.limited, limit);
    // Once in a while for each: a flood of attempts must not become a flood of lines.
    if (tally.refusedUntil < clock.now()) {
      tally.refusedUntil = clock.now() + retryLaterMs;
      log('warn', 'an address is refused; is it a proxy that is missing in trustedProxies?', {
        address: tally.name,
        limit,
      });
    }
    return { limit, retryAfterMs };
  }

  return {
    attempt(address, share = 1) {
      if (address === undefined) return undefined;
      const now = clock.now();
      const tally = tallies.of(addressKey(address));
      tallies.settle(tally);
      const fullAt = drawn(tally.fullAt, now, attempts, share);
      const wait = waitMs(fullAt, now, attempts);
      if (wait > 0) return refused(tally, 'addressRate', Math.ceil(wait));
      tally.fullAt = fullAt;
      if (tally.connections >= limits.addressConnections)
        return refused(tally, 'addressConnections', retryLaterMs);
      return undefined;
    },
    enter(address) {
      if (address === undefined) return undefined;
      const tally = tallies.of(addressKey(address));
      tally.connections += 1;
      return tally;
    },
    leave: (tally) => tally && tallies.release(tally),
    isOver: (tally) => tally !== undefined && tally.connections > limits.addressConnections,
    get size() {
      return tallies.size;
    },
    close: () => tallies.close(),
  };
}
