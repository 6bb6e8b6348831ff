/** Events per second, as an average over the last minute: what the service limits. */
import type { Clock } from '../clock.ts';

export interface Rate {
  add(count?: number): void;
  perSecond(): number;
}

const stepMs = 5_000;
const steps = 12;

export function createRate(clock: Clock): Rate {
  const counts = new Map<number, number>();
  const step = (): number => Math.floor(clock.now() / stepMs);
  return {
    add(count = 1) {
      const now = step();
      counts.set(now, (counts.get(now) ?? 0) + count);
    },
    perSecond() {
      const oldest = step() - steps;
      let sum = 0;
      for (const [at, count] of counts)
        if (at > oldest) sum += count;
        else counts.delete(at);
      return (sum * 1_000) / (steps * stepMs);
    },
  };
}
