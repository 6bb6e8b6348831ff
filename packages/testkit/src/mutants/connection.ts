/** Mutants of connecting, attaching, and coming back. */
import { RealtimeError } from '@anywire/core';
import { answers, drops, remembering, reports, type Mutants } from './mutant.ts';

const broken = (): RealtimeError => new RealtimeError('connection_failed', 'a mutant failed');

export const connectionMutants: Mutants = {
  'fails its first try': remembering(() => {
    let tries = 0;
    return (adapter) => ({
      ...adapter,
      open(link, resume) {
        if ((tries += 1) > 1) return adapter.open(link, resume);
        const session = adapter.open({ ...link, opened: () => {}, dropped: () => {} }, resume);
        queueMicrotask(() => link.dropped({ error: broken(), retry: 'backoff' }));
        return session;
      },
    });
  }),
  'does not tell who the service says that it is': reports((link) => ({
    opened: ({ clientId: _, ...info }) => link.opened(info),
  })),
  'calls every drop an error of the server': drops((drop) => ({
    ...drop,
    error: new RealtimeError('server_error', drop.error.message),
  })),
  'says that it lives for as long as its socket is open': (adapter) => ({
    ...adapter,
    open(link, resume) {
      let stop = (): void => {};
      const beat = (): void => {
        link.alive();
        stop = link.clock.schedule(beat, 20_000);
      };
      const opened: typeof link.opened = (info) => {
        beat();
        link.opened(info);
      };
      const dropped: typeof link.dropped = (drop) => {
        stop();
        link.dropped(drop);
      };
      const session = adapter.open({ ...link, opened, dropped }, resume);
      const close = (): Promise<void> => {
        stop();
        return session.close();
      };
      return { ...session, close };
    },
  }),
  'confirms every join that is out when the first one is answered': answers((session, link) => {
    let out = 0;
    return {
      async attach(channel, request) {
        const attach = (): Promise<void> =>
          session.attach(channel, request).finally(() => (out -= 1));
        if ((out += 1) === 1) return attach();
        link.attached(channel, { continuity: 'initial' });
        link.clock.schedule(() => void attach().catch(() => {}), 10);
      },
    };
  }),
  'attaches no second time': answers((session, link) => {
    const known = new Set<string>();
    return {
      attach(channel, request) {
        if (request.cursor !== undefined || !known.has(channel)) {
          known.add(channel);
          return session.attach(channel, request);
        }
        link.attached(channel, { continuity: 'initial' });
        return Promise.resolve();
      },
    };
  }),
  'breaks its connection when it detaches': answers((session, link) => ({
    async detach(channel) {
      await session.detach(channel);
      link.dropped({ error: broken(), retry: 'now' });
    },
  })),
  'lets a detach be overtaken by the attach after it': answers((session, link) => ({
    async detach(channel) {
      await new Promise<void>((resolve) => void link.clock.schedule(resolve, 5));
      await session.detach(channel).catch(() => {});
    },
  })),
  'does not notice that the service has ended a channel': reports(() => ({ detached: () => {} })),
  'never answers a ping': answers(() => ({ ping: () => new Promise(() => {}) })),
  'attaches 24 channels at most, and keeps quiet about the others': answers((session, link) => {
    const attached = new Set<string>();
    return {
      attach(channel, request) {
        attached.add(channel);
        if (attached.size <= 24) return session.attach(channel, request);
        link.attached(channel, { continuity: 'initial' });
        return Promise.resolve();
      },
    };
  }),
};
