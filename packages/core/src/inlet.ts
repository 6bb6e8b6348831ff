/**
 * The interceptors on the way in, last one first: one message after the other, and at once where none makes them wait.
 *
 * What is new, and what is missing, is decided before, by `delivery.ts`.
 *
 * @see docs/semantics.md#interceptors · intercept.test.ts
 */
import type { Inbound } from './contract.ts';
import { guarded } from './emitter.ts';
import type { RealtimeError } from './errors.ts';
import type {
  InboundContext,
  ReceivingChannel,
  InterceptionHost,
  Interceptor,
  Inlet,
  MaybePromise,
} from './interception.ts';
import { isPromise, through } from './through.ts';

export function createInlet(
  interceptors: readonly Interceptor[],
  { clock, onThrow, within }: InterceptionHost,
  attachment: ReceivingChannel,
  isLive: boolean,
): Inlet {
  const life = new AbortController();
  const { signal } = life;
  const { name: channel } = attachment;
  const report = (error: RealtimeError): void => {
    if (!signal.aborted) attachment.report(error);
  };
  const context: InboundContext = { channel, isLive, signal, clock, report };
  const stages = interceptors
    .filter((one) => one.inbound)
    .map((one) => (inbound: Inbound) => one.inbound?.(inbound, context))
    .reverse();
  /** The end of what is not through yet. */
  let tail: Promise<void> | undefined;

  const run = (inbound: Inbound, deliver: (inbound: Inbound) => void): MaybePromise<void> => {
    if (signal.aborted) return undefined;
    try {
      const found = through(inbound, stages);
      if (!isPromise(found)) return found.forEach(deliver);
      return within(`the interceptors of '${channel}'`, [signal], () => found).then(
        (all) => all.forEach((one) => deliver(one)),
        report,
      );
    } catch (error) {
      return report(error as RealtimeError);
    }
  };
  const after = (task: () => MaybePromise<void>): void => {
    const made = tail ? tail.then(task) : task();
    if (!isPromise(made)) return;
    const own = made.then(() => {
      if (tail === own) tail = undefined;
    });
    tail = own;
  };
  return {
    after: (task) => after(() => task(signal.aborted)),
    open: (inbound, deliver) => after(() => run(inbound, deliver)),
    end(isWhole) {
      if (isWhole) interceptors.forEach(guarded((one) => one.onEnd?.(context), onThrow));
      life.abort();
    },
  };
}
