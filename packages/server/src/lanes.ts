/**
 * The order of one connection's frames: one lane for each channel. What waits for a slow `authorize` in one channel
 * holds up that channel alone, and two publishes of one channel never overtake each other.
 *
 * Made only when something has to wait. A client that sends faster than its hooks answer is not read from.
 *
 * @see dispatch.ts · lanes.test.ts
 */
import type { MaybePromise } from './flow.ts';

/** Waiting jobs at which a client is no longer read. */
const pauseAt = 128;

export interface Lanes {
  isBusy(lane: string): boolean;
  /** `job` runs when all jobs before it in the lane are done. It never throws. */
  add(lane: string, job: () => MaybePromise<void>): void;
  /** The lane is busy until `pending` is done. */
  hold(lane: string, pending: Promise<void>): void;
}

export function createLanes(reader: { pause(): void; resume(): void }): Lanes {
  const lanes = new Map<string, (() => MaybePromise<void>)[]>();
  let waiting = 0;

  async function drain(lane: string, jobs: (() => MaybePromise<void>)[]): Promise<void> {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      if (--waiting === pauseAt / 2) reader.resume();
      await job();
    }
    lanes.delete(lane);
  }

  return {
    isBusy: (lane) => lanes.has(lane),
    add(lane, job) {
      lanes.get(lane)?.push(job);
      if (++waiting === pauseAt) reader.pause();
    },
    hold(lane, pending) {
      const jobs: (() => MaybePromise<void>)[] = [];
      lanes.set(lane, jobs);
      void pending.then(() => drain(lane, jobs));
    },
  };
}
