/**
 * All connections, on one wheel: each has its turn once in a heartbeat, in which it gets a ping, and ends when
 * nothing was heard of it for two. One timer, however many connections; it stops when there are none.
 *
 * @see heartbeat.test.ts · docs/protocol.md#liveness
 */
import type { Clock } from './clock.ts';

const slotCount = 25;
/** A connection ends when its last frame is this many ticks old. */
const silentTicks = 2 * slotCount;

/** What the wheel needs to know of a connection. */
export interface Beating {
  /** The tick in which something came in. */
  readonly heardAt: number;
}

export interface Heartbeat<Item extends Beating> extends Iterable<Item> {
  /** Counts on while there are connections. */
  readonly tick: number;
  readonly size: number;
  add(item: Item): void;
  delete(item: Item): void;
  close(): void;
}

/** @param beat - What happens to an item in its turn: `silent` after two heartbeats without a word. */
export function createHeartbeat<Item extends Beating>(
  clock: Clock,
  heartbeatMs: number,
  beat: (item: Item, is: 'alive' | 'silent') => void,
): Heartbeat<Item> {
  const slots = Array.from({ length: slotCount }, () => new Set<Item>());
  const slotOf = (tick: number): Set<Item> => slots[tick % slotCount] as Set<Item>;
  let tick = 0;
  let size = 0;
  let stop: (() => void) | undefined;

  function turn(): void {
    tick += 1;
    stop = size > 0 ? clock.schedule(turn, heartbeatMs / slotCount) : undefined;
    for (const item of slotOf(tick))
      beat(item, tick - item.heardAt >= silentTicks ? 'silent' : 'alive');
  }

  function pause(): void {
    stop?.();
    stop = undefined;
  }

  return {
    get tick() {
      return tick;
    },
    get size() {
      return size;
    },
    add(item) {
      slotOf(tick).add(item);
      size += 1;
      stop ??= clock.schedule(turn, heartbeatMs / slotCount);
    },
    delete(item) {
      for (const slot of slots) if (slot.delete(item)) size -= 1;
      if (size === 0) pause();
    },
    *[Symbol.iterator]() {
      for (const slot of slots) yield* slot;
    },
    close: pause,
  };
}
