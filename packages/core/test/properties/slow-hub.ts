/**
 * A memory hub whose wires carry something only when a test says so: requests and reports wait in one line, and whatever
 * the test does meanwhile comes between them.
 *
 * @see packages/core/src/memory.ts
 */
import { createMemoryHub, type MemoryHub, type MemoryHubOptions } from '@anywire/core/memory';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';

export interface SlowHub {
  readonly hub: MemoryHub;
  readonly clock: VirtualClock;
  /** Lets at most `count` things cross, and what they set off happen. */
  pass(count?: number): Promise<void>;
  /** Heals the hub and lets everything cross for `ms`. */
  calmDown(ms: number): Promise<void>;
}

/** How often everything crosses while it calms down. */
const stepMs = 250;

export function slowHub(options: Omit<MemoryHubOptions, 'clock' | 'defer'>): SlowHub {
  const clock = virtualClock(0);
  const line: (() => void)[] = [];
  const hub = createMemoryHub({ ...options, clock, defer: (fn) => void line.push(fn) });
  const pass = async (count = Infinity): Promise<void> => {
    await clock.settle();
    for (let left = count; left > 0 && line.length > 0; left -= 1) {
      line.shift()?.();
      if (line.length === 0 || left === 1) await clock.settle();
    }
  };
  return {
    hub,
    clock,
    pass,
    async calmDown(ms) {
      hub.start();
      hub.releaseAcks();
      for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
        await pass();
        await clock.advance(stepMs);
      }
      await pass();
    },
  };
}
