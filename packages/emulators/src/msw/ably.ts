/** Ably in the place of the vendor's hosts. @see ../ably/core.ts */
import type { AblyControls } from '../ably/controls.ts';
import { createAblyCore } from '../ably/core.ts';
import type { AblyOptions } from '../ably/options.ts';
import { intercept, type Intercepted } from './intercept.ts';

export interface AblyHandlers extends AblyControls, Intercepted {}

export interface AblyHandlerOptions extends AblyOptions {
  /** Hosts that are intercepted. @default those of Ably, with those that its client falls back to */
  readonly hosts?: readonly string[];
}

/** As Ably's client builds them, of 1.2 and of 2; what it asks to learn whether there is a network stands beside them. */
const vendorHosts = [
  'main.realtime.ably.net',
  'main.*.fallback.ably-realtime.com',
  'realtime.ably.io',
  'rest.ably.io',
];
const isOnline = 'internet-up.ably-realtime.com/is-the-internet-up.txt';

/** Handles `wss://main.realtime.ably.net/…`, `https://main.realtime.ably.net/…` and the fallbacks of both. */
export function ablyHandlers({
  hosts = vendorHosts,
  ...options
}: AblyHandlerOptions): AblyHandlers {
  const core = createAblyCore(options);
  const addresses = {
    sockets: hosts.map((host) => `wss://${host}/*`),
    requests: [...hosts.map((host) => `https://${host}/*`), `https://${isOnline}`],
  };
  const handlers = intercept(addresses, {
    open: core.open,
    http: (request) =>
      request.target.startsWith('/is-the-internet-up')
        ? { status: 200, headers: {}, body: 'yes' }
        : core.http(request),
  });
  return { ...core.controls, handlers, close: () => core.close() };
}
