/**
 * The memory adapter as a vendor's SDK would be: one session for life, which reconnects by a loop of its own, attaches
 * again what was attached, and enters again who had entered. So the whole suite runs on `reconnect: 'adapter'`, too.
 */
import {
  RealtimeError,
  type Adapter,
  type AttachRequest,
  type Cursor,
  type Link,
  type Session,
} from '@anywire/core';

/** The vendor's own times, which core does not know. */
const retryMs = 1_000;
const connectMs = 5_000;

export function selfReconnecting(adapter: Adapter): Adapter {
  const { capabilities, capabilitiesFor } = adapter;
  return {
    ...adapter,
    capabilities: { ...capabilities, reconnect: 'adapter' },
    ...(capabilitiesFor && {
      capabilitiesFor: (spec) => ({ ...capabilitiesFor(spec), reconnect: 'adapter' }),
    }),
    open: (link) => vendor(adapter, link),
  };
}

function vendor(adapter: Adapter, link: Link): Session {
  const wanted = new Map<string, AttachRequest>();
  const cursors = new Map<string, Cursor>();
  const { signal } = new AbortController(); // nobody gives up what the vendor asks by itself
  let session: Session | undefined;
  let cancel = (): void => {};

  const later = (fn: () => void, delayMs: number): void => {
    cancel();
    cancel = link.clock.schedule(fn, delayMs);
  };
  const giveUp = (): void => {
    const error = new RealtimeError('connection_failed', `no answer within ${connectMs} ms`);
    link.dropped({ error, retry: 'backoff' });
    connect();
  };

  function connect(): void {
    later(giveUp, connectMs);
    void session?.close();
    const mine: { session?: Session } = {};
    const isMine = (): boolean => session === mine.session;
    const own: Partial<Link> = {
      opened(info) {
        if (!isMine()) return;
        cancel();
        link.opened(info);
        for (const [channel, request] of wanted)
          void session
            ?.attach(channel, { ...request, signal, cursor: cursors.get(channel) })
            .catch(() => {});
      },
      dropped(drop) {
        if (!isMine()) return;
        session = undefined;
        if (drop.retry === 'never') cancel();
        else later(connect, retryMs);
        link.dropped(drop);
      },
      attached(channel, info) {
        if (!isMine()) return;
        if (info.cursor !== undefined && !info.backlog) cursors.set(channel, info.cursor);
        link.attached(channel, info);
      },
      detached(channel, drop) {
        if (!isMine()) return;
        wanted.delete(channel);
        link.detached(channel, drop);
      },
      received(channel, message) {
        if (!isMine()) return;
        if (message.cursor !== undefined) cursors.set(channel, message.cursor);
        link.received(channel, message);
      },
    };
    session = mine.session = adapter.open({ ...link, ...own });
  }

  /** What the connection is asked; without one, core does not ask. */
  const current = (): Session => {
    if (!session) throw new Error('asked without a connection');
    return session;
  };
  const entered = (channel: string, presence: AttachRequest['presence'], data?: unknown): void => {
    const request = wanted.get(channel);
    if (request) wanted.set(channel, { ...request, presence, presenceData: data });
  };

  connect();
  const { presence, history } = current();
  return {
    async attach(channel, request) {
      await current().attach(channel, request);
      wanted.set(channel, { ...request, rewind: undefined });
    },
    async detach(channel) {
      wanted.delete(channel);
      cursors.delete(channel);
      await session?.detach(channel);
    },
    publish: (...call) => current().publish(...call),
    ...(presence && {
      presence: {
        async enter(channel, data, signal) {
          await current().presence?.enter(channel, data, signal);
          entered(channel, 'enter', data);
        },
        async update(channel, data, signal) {
          await current().presence?.update(channel, data, signal);
          entered(channel, 'enter', data);
        },
        async leave(channel, signal) {
          entered(channel, 'watch');
          await current().presence?.leave(channel, signal);
        },
      },
    }),
    ...(history && {
      history: {
        page: (...call) => current().history?.page(...call) ?? Promise.reject(new Error('none')),
      },
    }),
    refresh: async (credentials) => current().refresh?.(credentials),
    ping: async (signal) => current().ping?.(signal),
    retryNow: () => later(connect, 0),
    async close() {
      cancel();
      await session?.close();
      session = undefined;
    },
    native: adapter,
  };
}
