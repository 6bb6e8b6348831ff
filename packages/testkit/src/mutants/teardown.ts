/** Mutants of closing, and of what is left. */
import { RealtimeError, type Link, type PublishOutcome } from '@anywire/core';
import { answers, remembering, type Mutants } from './mutant.ts';

/** Clients that share what they should not. Those of earlier cases are closed, and ignore it. */
const page = new Set<Link>();

export const teardownMutants: Mutants = {
  'leaves a timer behind when it is closed while it connects': (adapter) => ({
    ...adapter,
    open(link, resume) {
      let isOpen = false;
      const opened: typeof link.opened = (info) => {
        isOpen = true;
        link.opened(info);
      };
      const session = adapter.open({ ...link, opened }, resume);
      return {
        ...session,
        close() {
          if (!isOpen) link.clock.schedule(() => {}, 60_000);
          return session.close();
        },
      };
    },
  }),
  'waits for every answer before it closes, also for those that nobody awaits any more': answers(
    (session) => {
      const out = new Set<Promise<unknown>>();
      return {
        publish(channel, batch) {
          const answer = session.publish(channel, batch, new AbortController().signal);
          out.add(answer);
          answer.finally(() => out.delete(answer)).catch(() => {});
          return answer;
        },
        async close() {
          await Promise.allSettled(out);
          await session.close();
        },
      };
    },
  ),
  'has a retry timer of its own': remembering(() => {
    let cancel = (): void => {};
    return (adapter) => ({
      ...adapter,
      open(link, resume) {
        const opened: typeof link.opened = (info) => {
          cancel();
          link.opened(info);
        };
        const dropped: typeof link.dropped = (drop) => {
          cancel();
          cancel = link.clock.schedule(() => {}, 60_000);
          link.dropped(drop);
        };
        return adapter.open({ ...link, opened, dropped }, resume);
      },
    });
  }),
  'says of a small batch that it was sent, and sends it a moment later': answers(
    (session, link) => ({
      publish(channel, batch, signal) {
        if (batch.length === 1 || batch.length > 5) return session.publish(channel, batch, signal);
        link.clock.schedule(() => void session.publish(channel, batch, signal).catch(() => {}), 1);
        return Promise.resolve(batch.map((): PublishOutcome => ({ level: 'accepted' })));
      },
    }),
  ),
  'cannot be opened again once it was closed': remembering(() => {
    let isClosed = false;
    return (adapter) => ({
      ...adapter,
      open(link, resume) {
        const session = adapter.open(isClosed ? { ...link, opened: () => {} } : link, resume);
        return {
          ...session,
          close() {
            isClosed = true;
            return session.close();
          },
        };
      },
    });
  }),
  'never resolves close()': answers(() => ({ close: () => new Promise(() => {}) })),
  'takes the others of its page with it when it is closed': (adapter) => ({
    ...adapter,
    open(link, resume) {
      const session = adapter.open(link, resume);
      page.add(link);
      return {
        ...session,
        async close() {
          page.delete(link);
          await session.close();
          const error = new RealtimeError('connection_failed', 'the socket was closed');
          for (const other of page) other.dropped({ error, retry: 'backoff' });
        },
      };
    },
  }),
  'leaves but one of its channels when it is closed': answers((session) => {
    const entered = new Set<string>();
    const { signal } = new AbortController();
    return {
      attach(channel, request) {
        if (request.presence === 'enter') entered.add(channel);
        return session.attach(channel, request);
      },
      async close() {
        if (entered.size < 2) return session.close();
        const [first] = entered;
        if (first !== undefined) await session.presence?.leave(first, signal);
      },
    };
  }),
};
