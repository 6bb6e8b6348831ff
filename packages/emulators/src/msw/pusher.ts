/** Pusher in the place of the vendor's hosts. @see ../pusher/core.ts */
import type { PusherControls } from '../pusher/controls.ts';
import { createPusherCore } from '../pusher/core.ts';
import type { PusherOptions } from '../pusher/options.ts';
import { intercept, type Intercepted } from './intercept.ts';

export interface PusherHandlers extends PusherControls, Intercepted {}

export interface PusherHandlerOptions extends PusherOptions {
  /** Of the intercepted addresses. @default '*': all of them */
  readonly cluster?: string;
}

/** Handles `wss://ws-<cluster>.pusher.com/app/…` and `https://api-<cluster>.pusher.com/apps/…`. */
export function pusherHandlers({
  cluster = '*',
  ...options
}: PusherHandlerOptions): PusherHandlers {
  const core = createPusherCore(options);
  const addresses = {
    sockets: ['wss', 'ws'].map((scheme) => `${scheme}://ws-${cluster}.pusher.com/app/*`),
    requests: ['https', 'http'].flatMap((scheme) =>
      [`api-${cluster}`, 'api'].map((host) => `${scheme}://${host}.pusher.com/apps/*`),
    ),
  };
  const handlers = intercept(addresses, {
    http: core.http,
    open(pipe, target, isSecure) {
      const inlet = core.open(pipe, target, isSecure);
      return {
        closed: inlet.closed,
        receive(data) {
          if (typeof data === 'string') inlet.receive(data);
        },
      };
    },
  });
  return { ...core.controls, handlers, close: () => core.close() };
}
