/**
 * Waiting that ends: by a result, by a time-out, or by the first of several AbortSignals.
 *
 * @see deadline.test.ts
 */
import type { Clock } from './clock.ts';
import { RealtimeError } from './errors.ts';
import type { Store } from './store.ts';

export interface Deadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Names the operation in the error's text. */
  readonly what: string;
  /** The first that fires ends it: with its reason where that is a RealtimeError, else with `aborted`. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** What may have kept the answer away, asked when none came. */
  readonly why?: () => unknown;
}

/**
 * Calls `fn` once, with the reason, when the first of `signals` fires: at once if one has. The returned function stops
 * watching.
 */
export function onAbort(
  signals: readonly (AbortSignal | undefined)[],
  what: string,
  fn: (error: RealtimeError) => void,
): () => void {
  const stop = (): void => signals.forEach((signal) => signal?.removeEventListener('abort', fire));
  const fire = (): void => {
    stop();
    const cause: unknown = signals.find((signal) => signal?.aborted)?.reason;
    fn(
      RealtimeError.is(cause)
        ? cause
        : new RealtimeError('aborted', `${what} was aborted`, { cause }),
    );
  };
  for (const signal of signals) signal?.addEventListener('abort', fire);
  if (signals.some((signal) => signal?.aborted)) fire();
  return stop;
}

/**
 * Runs `run` with a signal that fires when nobody waits any longer.
 *
 * @throws {RealtimeError} timeout · aborted · what `run` throws
 */
export async function withDeadline<Value>(
  { clock, timeoutMs, what, signals, why }: Deadline,
  run: (signal: AbortSignal) => Promise<Value> | Value,
): Promise<Value> {
  const inner = new AbortController();
  const { signal } = inner;
  const fail = (error: RealtimeError): void => inner.abort(error);
  const cancel = clock.schedule(() => {
    const text = `${what}: no answer within ${timeoutMs} ms`;
    fail(new RealtimeError('timeout', text, { cause: why?.() }));
  }, timeoutMs);
  const stop = onAbort(signals, what, fail);
  try {
    signal.throwIfAborted();
    return await new Promise<Value>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      // An async function turns a synchronous throw into a rejection.
      (async () => run(signal))().then(resolve, reject);
    });
  } catch (error) {
    throw RealtimeError.from(error);
  } finally {
    cancel();
    stop();
  }
}

/** The first defined answer of `test`, which is asked now and at each change; rejects when it throws. */
export async function until<Value, Result>(
  store: Store<Value>,
  signal: AbortSignal,
  test: (value: Value) => Result | undefined,
): Promise<Result> {
  let stop = (): void => {};
  try {
    return await new Promise<Result>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      stop = store.subscribe((value) => {
        try {
          const result = test(value);
          if (result !== undefined) resolve(result);
        } catch (error) {
          reject(RealtimeError.from(error));
        }
      });
    });
  } finally {
    stop();
  }
}
