/**
 * The order of one connection's frames: one lane for each channel. What waits for a slow `authorize` in one channel
 * holds up that channel alone, and two publishes of one channel never overtake each other.
 *
 * Made only when something has to wait. A client that sends faster than its hooks answer is not read from.
 *
 * @see dispatch.ts · lanes.test.ts
 */
import type { MaybePromise } from './flow.ts';

/** Cost of the waiting jobs at which a client is no longer read: as many small frames, or 256 KiB. */
const pauseAt = 128;
const costlyUnits = 2_048;

/** Something that waits for its turn. It never throws. */
export type Job = () => MaybePromise<void>;

export interface Lanes {
  /** Nothing is under way. */
  readonly isIdle: boolean;
  isBusy(lane: string): boolean;
  /** `job` runs when all jobs before it in the lane are done. @param units - The length of its data. */
  add(lane: string, job: Job, units: number): void;
  /** The lane is busy until `pending` is done. */
  hold(lane: string, pending: Promise<void>): void;
  /** `pending` keeps no lane, and counts as something that waits until it is done. It never rejects. @param units - See `add`. */
  count(pending: Promise<void>, units: number): void;
}

const costOf = (units: number): number => 1 + Math.floor(units / costlyUnits);

export function createLanes(reader: { pause(): void; resume(): void; settled?(): void }): Lanes {
  const lanes = new Map<string, { readonly job: Job; readonly cost: number }[]>();
  let waiting = 0;
  /** What waits without a lane. */
  let counted = 0;
  let isPaused = false;

  /** Counts what waits; begins and ends to read at the bounds. */
  function weigh(cost: number): void {
    waiting += cost;
    if (isPaused ? waiting > pauseAt / 2 : waiting < pauseAt) return;
    isPaused = !isPaused;
    if (isPaused) reader.pause();
    else reader.resume();
  }

  async function drain(lane: string, jobs: { job: Job; cost: number }[]): Promise<void> {
    for (let next = jobs.shift(); next; next = jobs.shift()) {
      weigh(-next.cost);
      await next.job();
    }
    lanes.delete(lane);
    settle();
  }

  const isIdle = (): boolean => lanes.size === 0 && counted === 0;
  function settle(): void {
    if (isIdle()) reader.settled?.();
  }

  return {
    get isIdle() {
      return isIdle();
    },
    isBusy: (lane) => lanes.has(lane),
    add(lane, job, units) {
      const cost = costOf(units);
      lanes.get(lane)?.push({ job, cost });
      weigh(cost);
    },
    hold(lane, pending) {
      const jobs: { job: Job; cost: number }[] = [];
      lanes.set(lane, jobs);
      void pending.then(() => drain(lane, jobs));
    },
    count(pending, units) {
      const cost = costOf(units);
      counted += 1;
      weigh(cost);
      void pending.then(() => {
        counted -= 1;
        weigh(-cost);
        settle();
      });
    },
  };
}
