/**
 * Work that waits only when it must. Hooks and engines may answer at once or later; a promise where none is
 * needed costs a turn of the loop for each message, and lets two publishes of one channel overtake each other.
 *
 * A {@link Flow} is a generator that yields promises. {@link run} drives it: synchronously, up to the first promise.
 *
 * @see flow.test.ts
 */

/** An answer now, or later. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** A piece of work; `yield* wait(value)` takes an answer that may come later. */
export type Flow<Result = void> = Generator<PromiseLike<unknown>, Result, unknown>;

/** Whether the answer comes later. */
export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Inside a flow: the answer, without a pause when it is there already. */
export function* wait<Value>(value: Value | PromiseLike<Value>): Flow<Value> {
  return isPromise(value) ? ((yield value) as Value) : value;
}

/** `next(value)`: at once, or when `value` is there. */
export function chain<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return isPromise(value) ? value.then(next) : next(value);
}

/**
 * Runs a flow to its end.
 *
 * @param isOver - Asked after each pause; true ends the flow there (its `finally` blocks run).
 */
export function run(flow: Flow, isOver: () => boolean): MaybePromise<void> {
  const step = flow.next();
  return step.done ? undefined : resume(flow, step.value, isOver);
}

async function resume(
  flow: Flow,
  first: PromiseLike<unknown>,
  isOver: () => boolean,
): Promise<void> {
  let pending = first;
  for (;;) {
    let step: IteratorResult<PromiseLike<unknown>, void>;
    try {
      const value = await pending;
      step = isOver() ? flow.return() : flow.next(value);
    } catch (error) {
      step = isOver() ? flow.return() : flow.throw(error);
    }
    if (step.done) return;
    pending = step.value;
  }
}
