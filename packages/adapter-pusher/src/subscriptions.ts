/**
 * Subscriptions to Pusher's channels: each settles, although an error of the service names no channel.
 *
 * @see refusals.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { PusherChannelLike, PusherLike } from './pusher-like.ts';

export interface Subscription {
  readonly channel: PusherChannelLike;
  end(): void;
}

/** Every event of a channel, and why subscribing failed. */
export type Heard = (event: string, data: unknown) => void;

export interface Subscriptions {
  /**
   * Resolves when the service has confirmed it. Hears everything from before that on, also later confirmations.
   *
   * @throws {RealtimeError} why not
   */
  open(remote: string, heard: Heard, signal: AbortSignal): Promise<Subscription>;
  /** Why signing failed, before pusher-js tells that it did. */
  failed(remote: string, error: RealtimeError): void;
  /** An error that names its channel in its text alone; answers whether somebody waits for it. */
  blamed(text: string, error: RealtimeError): boolean;
}

interface Use {
  readonly ours: Set<unknown>;
  /** The app had subscribed to it before. */
  readonly isApps: boolean;
}

/** Who of us is in which channel of a client: one that ends takes nothing from another, nor from the app. */
const uses = new WeakMap<PusherLike, Map<string, Use>>();

function useOf(client: PusherLike, remote: string): Use {
  let channels = uses.get(client);
  if (!channels) uses.set(client, (channels = new Map()));
  let use = channels.get(remote);
  if (!use?.ours.size)
    channels.set(remote, (use = { ours: new Set(), isApps: client.channel(remote) !== undefined }));
  return use;
}

export function createSubscriptions(client: () => PusherLike): Subscriptions {
  const pending = new Map<string, (error: RealtimeError) => void>();
  const reasons = new Map<string, RealtimeError>();
  return {
    open: (remote, heard, signal) =>
      new Promise((resolve, reject) => {
        const use = useOf(client(), remote);
        const channel = client().subscribe(remote);
        const end = (): void => {
          channel.unbind_global(every);
          if (use.ours.delete(every) && !use.ours.size && !use.isApps) client().unsubscribe(remote);
        };
        const stop = (): void =>
          refuse(new RealtimeError('aborted', 'aborted', { cause: signal.reason }));
        const settled = (): void => {
          pending.delete(remote);
          reasons.delete(remote);
          signal.removeEventListener('abort', stop);
        };
        const refuse = (error: RealtimeError): void => {
          settled();
          end();
          reject(error);
        };
        const every = (event: string, data: unknown): void => {
          if (event === 'pusher:subscription_error') {
            const { error = 'not allowed', status } = Object(data) as {
              error?: string;
              status?: number;
            };
            const code = status === 403 ? 'forbidden' : 'auth_failed';
            const told =
              reasons.get(remote) ??
              new RealtimeError(code, error, status === undefined ? {} : { vendorCode: status });
            return pending.has(remote) ? refuse(told) : heard(event, told);
          }
          if (event === 'pusher:subscription_succeeded' && pending.has(remote)) {
            settled();
            resolve({ channel, end });
          }
          // What was on its way to an earlier subscription is none of this one's.
          if (!pending.has(remote)) heard(event, data);
        };
        pending.set(remote, refuse);
        use.ours.add(every);
        channel.bind_global(every);
        if (signal.aborted) return stop();
        signal.addEventListener('abort', stop);
        if (channel.subscribed)
          every('pusher:subscription_succeeded', (channel as { members?: unknown }).members);
      }),
    failed: (remote, error) => void reasons.set(remote, error),
    blamed(text, error) {
      // The longest name that is in it: one may begin with another.
      const found = [...pending.keys()]
        .filter((remote) => text.includes(remote))
        .sort((a, b) => b.length - a.length);
      const refuse = pending.get(found[0] ?? '');
      refuse?.(error);
      return refuse !== undefined;
    },
  };
}
