/** Work that no client waits for: when it fails, the log hears of it. */
import { isPromise } from './flow.ts';
import type { Log } from './log.ts';

/** @param what - Names the work in the log. */
export function background(log: Log, what: string, work: () => unknown): void {
  const failed = (error: unknown): void => log('error', `${what} failed`, { error });
  try {
    const done = work();
    if (isPromise(done)) void done.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}
