/** Sends one message through a list of stages. */
import { RealtimeError } from './errors.ts';
import type { Made, MaybePromise } from './interception.ts';

export const isPromise = <Value>(value: MaybePromise<Value>): value is Promise<Value> =>
  typeof (value as Partial<Promise<Value>> | undefined)?.then === 'function';

/**
 * What becomes of `item`. Waits only where a stage does.
 *
 * @throws {RealtimeError} interceptor_failed, or what a stage throws
 */
export function through<Item extends object>(
  item: Item,
  stages: readonly ((item: Item) => MaybePromise<Made<Item>>)[],
): MaybePromise<readonly Item[]> {
  try {
    const found = stages.reduce<MaybePromise<readonly Item[]>>(
      (items, stage) => {
        const run = (list: readonly Item[]): MaybePromise<readonly Item[]> => {
          const made = list.map(stage);
          return made.some(isPromise)
            ? Promise.all(made as Promise<Made<Item>>[]).then(flat)
            : flat(made as Made<Item>[]);
        };
        return isPromise(items) ? items.then(run) : run(items);
      },
      [item],
    );
    return isPromise(found) ? found.catch(failed) : found;
  } catch (error) {
    return failed(error);
  }
}

const flat = <Item>(made: readonly Made<Item>[]): Item[] =>
  made.flat().filter((item) => item !== undefined) as Item[];

const failed = (error: unknown): never => {
  throw RealtimeError.from(error, 'interceptor_failed');
};
