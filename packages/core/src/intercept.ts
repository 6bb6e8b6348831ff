/**
 * Runs interceptors: `createRealtime({ interceptors: intercept(encryption(…), chunking()) })`. The first is the nearest to
 * the app: messages pass them in this order on their way out, and in reverse on their way in.
 *
 * @see interception.ts for what an interceptor is · outlet.ts, inlet.ts · docs/semantics.md#interceptors
 */
import { guarded } from './emitter.ts';
import { createInlet } from './inlet.ts';
import type { Interceptor, Interceptors } from './interception.ts';
import { createOutlet } from './outlet.ts';

export type * from './interception.ts';

/** What `createRealtime` takes as `interceptors`. */
export function intercept(...interceptors: readonly Interceptor[]): Interceptors {
  return (host) => {
    const each = (tell: (one: Interceptor) => void): void =>
      interceptors.forEach(guarded(tell, host.onThrow));
    return {
      ...createOutlet(interceptors, host),
      inlet: (channel, isLive) => createInlet(interceptors, host, channel, isLive),
      onPublish: (...told) => each((one) => one.onPublish?.(...told)),
      onState: (state) => each((one) => one.onState?.(state)),
      onGap: (gap) => each((one) => one.onGap?.(gap)),
    };
  };
}
