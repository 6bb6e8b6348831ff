/**
 * A service that counts, and refuses for good what comes over its rates: as some vendors do, which shut the channel.
 */
import { RealtimeError, type Adapter, type RateLimits } from '@anywire/core';

/** `adapter`, which declares `rates`, in front of a service that holds each connection to them. */
export function strict(adapter: Adapter, rates: RateLimits): Adapter {
  return {
    ...adapter,
    capabilities: { ...adapter.capabilities, limits: rates },
    ...(adapter.capabilitiesFor && {
      capabilitiesFor: (spec) => ({ ...adapter.capabilitiesFor!(spec), limits: rates }),
    }),
    open(link, resume) {
      const session = adapter.open(link, resume);
      const seen: Record<string, number[]> = {};
      const count = (operation: keyof RateLimits, channel: string, times = 1): void => {
        const now = link.clock.now();
        for (const { max, perMs, scope } of rates[operation] ?? []) {
          const key = `${operation} ${max} ${perMs} ${scope === 'channel' ? channel : ''}`;
          const window = [
            ...(seen[key] ?? []).filter((at) => now - at < perMs),
            ...Array<number>(times).fill(now),
          ];
          seen[key] = window;
          if (window.length > max)
            throw new RealtimeError('limit_exceeded', `${window.length} in ${perMs} ms`);
        }
      };
      const { presence } = session;
      return {
        ...session,
        async attach(channel, request) {
          count('attach', channel);
          if (request.presence === 'enter') count('presence', channel);
          await session.attach(channel, request);
        },
        async publish(channel, batch, signal) {
          count('publish', channel, batch.length);
          return session.publish(channel, batch, signal);
        },
        presence: presence && {
          async enter(channel, ...rest) {
            count('presence', channel);
            await presence.enter(channel, ...rest);
          },
          async update(channel, ...rest) {
            count('presence', channel);
            await presence.update(channel, ...rest);
          },
          async leave(channel, ...rest) {
            count('presence', channel);
            await presence.leave(channel, ...rest);
          },
        },
      };
    },
  };
}
