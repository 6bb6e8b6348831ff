/**
 * An adapter whose service SDK reconnects by itself, made of one that does not: it opens sessions in a loop, attaches its
 * channels again from where they were, and enters again. For tests of what core does with `reconnect: 'adapter'`.
 */
import type { Adapter, AttachRequest, Cursor, Link, Session } from '@anywire/core';

interface Known {
  readonly request: AttachRequest;
  cursor: Cursor | undefined;
}

const retryMs = 100;
const openMs = 3_000;
const never = new AbortController().signal;

export function vendorLoop(inner: Adapter): Adapter {
  return {
    name: 'vendor',
    specVersion: 1,
    capabilities: { ...inner.capabilities, reconnect: 'adapter' },
    open: (link) => start(inner, link),
  };
}

function start(inner: Adapter, link: Link): Session {
  const channels = new Map<string, Known>();
  let session: Session;
  let cancel = (): void => {};
  /** The connection that counts; reports of others are about the past. */
  let current: object | undefined;

  const attachAgain = (name: string, { request, cursor }: Known): void => {
    session.attach(name, { ...request, cursor, rewind: undefined, signal: never }).catch(() => {});
  };

  function connect(): void {
    const own = {};
    const isCurrent = (): boolean => current === own;
    cancel();
    current = own;
    const note = (name: string, cursor: Cursor | undefined): void => {
      const known = channels.get(name);
      if (known) known.cursor = cursor ?? known.cursor;
    };
    session = inner.open({
      ...link,
      opened(info) {
        if (!isCurrent()) return;
        cancel();
        link.opened(info);
        for (const [name, known] of channels) attachAgain(name, known);
      },
      dropped(drop) {
        if (!isCurrent()) return;
        current = undefined;
        if (drop.retry !== 'never') cancel = link.clock.schedule(connect, retryMs);
        link.dropped(drop);
      },
      attached(name, info) {
        if (!isCurrent()) return;
        if (!info.backlog) note(name, info.cursor);
        link.attached(name, info);
      },
      received(name, message) {
        if (!isCurrent()) return;
        note(name, message.cursor);
        link.received(name, message);
      },
      replayed: (name) => isCurrent() && link.replayed(name),
      detached: (name, drop) => isCurrent() && link.detached(name, drop),
      presence: (name, change) => isCurrent() && link.presence(name, change),
      alive: () => isCurrent() && link.alive(),
    });
    cancel = link.clock.schedule(reconnect, openMs);
  }

  /** What is there is given up. */
  function reconnect(): void {
    current = undefined;
    void session.close();
    connect();
  }
  connect();

  const remember = (name: string, more: Partial<AttachRequest>): void => {
    const known = channels.get(name);
    if (known) channels.set(name, { ...known, request: { ...known.request, ...more } });
  };
  return {
    attach(name, request) {
      channels.set(name, { request, cursor: request.cursor });
      return session.attach(name, request);
    },
    detach(name) {
      channels.delete(name);
      return session.detach(name);
    },
    publish: (name, batch, signal) => session.publish(name, batch, signal),
    presence: {
      enter(name, data, signal) {
        remember(name, { presence: 'enter', presenceData: data });
        return session.presence!.enter(name, data, signal);
      },
      update(name, data, signal) {
        remember(name, { presenceData: data });
        return session.presence!.update(name, data, signal);
      },
      leave(name, signal) {
        remember(name, { presence: 'watch', presenceData: undefined });
        return session.presence!.leave(name, signal);
      },
    },
    history: { page: (name, query, signal) => session.history!.page(name, query, signal) },
    refresh: (credentials) => session.refresh!(credentials),
    ping: (signal) => session.ping!(signal),
    retryNow: reconnect,
    async close() {
      current = undefined;
      cancel();
      await session.close();
    },
    native: undefined,
  };
}
