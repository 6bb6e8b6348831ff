/**
 * What was stored goes out until it has: tried again with the same ids, later and later.
 *
 * Later messages do not wait for it: a client that sees a hole reads it in the store.
 *
 * @see publishing.ts · sending.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { Clock, Log } from '@anywire/server/store';
import { defaults } from './options.ts';
import type { Outgoing, Provider, ProviderChannel } from './provider.ts';

export interface Sending {
  /** Sends once. @throws {RealtimeError} why not */
  send(
    channel: ProviderChannel,
    messages: readonly Outgoing[],
    except: string | undefined,
  ): Promise<void>;
  /** Sends what is stored; answers whether it is out, or is being tried again. */
  sendStored(
    channel: ProviderChannel,
    messages: readonly Outgoing[],
    except: string | undefined,
  ): Promise<'sent' | 'pending'>;
  /** Whether a stored message is still on its way. */
  isPending(channel: string, id: string): boolean;
  readonly pending: number;
  /** Tries what waits once more, and gives up after a while. */
  close(): Promise<void>;
}

export interface SendingParts {
  readonly provider: Provider;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly timeoutMs: number;
}

export const keyOf = (channel: string, id: string): string => JSON.stringify([channel, id]);

export function createSending({ provider, clock, log, random, timeoutMs }: SendingParts): Sending {
  const pending = new Set<string>();
  /** Ends the wait before the next try. */
  const waiting = new Set<() => void>();
  const running = new Set<Promise<unknown>>();
  let isClosed = false;

  async function send(
    channel: ProviderChannel,
    messages: readonly Outgoing[],
    except: string | undefined,
  ): Promise<void> {
    for (let at = 0; at < messages.length; at += provider.limits.batch) {
      const batch = messages.slice(at, at + provider.limits.batch);
      await within(provider.send(channel, batch, except));
    }
  }

  function within<Value>(work: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const stop = clock.schedule(
        () =>
          reject(
            new RealtimeError('server_error', `${provider.name} did not answer in ${timeoutMs} ms`),
          ),
        timeoutMs,
      );
      work.finally(stop).then(resolve, reject);
    });
  }

  async function again(
    channel: ProviderChannel,
    messages: readonly Outgoing[],
    except: string | undefined,
  ): Promise<void> {
    for (let tries = 0; !isClosed; tries++) {
      const mostMs = Math.min(defaults.retryMaxMs, defaults.retryMinMs * 2 ** tries);
      await new Promise<void>((resolve) => {
        const stop = clock.schedule(done, mostMs * (0.5 + random() / 2));
        function done(): void {
          stop();
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
      try {
        await send(channel, messages, except);
        break;
      } catch (error) {
        if (!(error as RealtimeError).retryable) {
          log('error', 'a stored message cannot be sent; clients find it by their position', {
            channel: channel.name,
            error,
          });
          break;
        }
      }
    }
    for (const { id } of messages) pending.delete(keyOf(channel.name, id));
  }

  return {
    send,
    async sendStored(channel, messages, except) {
      try {
        await send(channel, messages, except);
        return 'sent';
      } catch (error) {
        log('warn', 'what was stored could not be sent, and is tried again', {
          channel: channel.name,
          error,
        });
        if (pending.size + messages.length > defaults.pendingMessages) {
          log('error', 'too much waits to be sent; clients find it by their position', {
            channel: channel.name,
          });
          return 'pending';
        }
        for (const { id } of messages) pending.add(keyOf(channel.name, id));
        const work = again(channel, messages, except);
        running.add(work);
        void work.finally(() => running.delete(work));
        return 'pending';
      }
    },
    isPending: (channel, id) => pending.has(keyOf(channel, id)),
    get pending() {
      return pending.size;
    },
    async close() {
      const last = [...waiting];
      const work = Promise.all(running);
      for (const done of last) done();
      await new Promise<unknown>((resolve) => {
        const stop = clock.schedule(() => resolve(undefined), defaults.closeMs);
        void work.then(stop).then(resolve);
      });
      isClosed = true;
      for (const done of waiting) done();
      if (pending.size > 0)
        log('error', 'closed with messages that were stored and not sent', { count: pending.size });
    },
  };
}
