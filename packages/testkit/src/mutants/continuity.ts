/** Mutants of resuming, gaps, and the seam of a rewind. */
import type { Inbound } from '@anywire/core';
import {
  answers,
  declares,
  receives,
  remembering,
  reports,
  without,
  type Mutants,
} from './mutant.ts';

export const continuityMutants: Mutants = {
  'says kept after every interruption': reports((link) => ({
    attached: (channel, info) =>
      link.attached(channel, info.continuity === 'lost' ? { ...info, continuity: 'kept' } : info),
  })),
  'says lost after every interruption': reports((link) => ({
    attached: (channel, info) =>
      link.attached(channel, info.continuity === 'kept' ? { ...info, continuity: 'lost' } : info),
  })),
  'resumes without the messages that were missed': receives((message) =>
    message.replayed ? [] : [message],
  ),
  'resumes one message too late': remembering(() => {
    let isFirst = false;
    return reports((link) => ({
      attached(channel, info) {
        isFirst = info.continuity === 'kept';
        link.attached(channel, info);
      },
      received(channel, message) {
        if (!isFirst || !message.replayed) link.received(channel, message);
        isFirst = false;
      },
    }));
  }),
  'tells a loss twice': reports((link) => ({
    attached(channel, info) {
      link.attached(channel, info);
      if (info.continuity === 'lost') {
        link.replayed(channel);
        link.attached(channel, info);
      }
    },
  })),
  'forgets where it was when the connection breaks twice': remembering(() => {
    let opens = 0;
    return answers((session) => {
      opens += 1;
      return {
        attach: (channel, request) =>
          session.attach(channel, {
            ...request,
            ...(opens > 2 && request.cursor !== undefined && { cursor: 'unknown:0:' }),
          }),
      };
    });
  }),
  'gives one message too few in a rewind': answers((session) => ({
    attach: (channel, request) =>
      session.attach(channel, {
        ...request,
        ...(request.rewind && { rewind: request.rewind - 1 }),
      }),
  })),
  'does not mark what it replays': receives(({ replayed: _, ...message }) => [message]),
  'rewinds again at every re-attach': answers((session) => {
    const rewinds = new Map<string, number>();
    return {
      attach(channel, request) {
        if (request.rewind) rewinds.set(channel, request.rewind);
        const rewind = rewinds.get(channel);
        return session.attach(
          channel,
          request.cursor ? { ...request, cursor: undefined, rewind } : request,
        );
      },
    };
  }),
  'repeats its rewind after a drop, as if it were new': remembering(() => {
    const rewound = new Map<string, Inbound[]>();
    let opens = 0;
    return reports((link) => {
      opens += 1;
      return {
        received(channel, message) {
          if (message.replayed && opens === 1)
            rewound.set(channel, [...(rewound.get(channel) ?? []), message]);
          link.received(channel, message);
        },
        attached(channel, info) {
          link.attached(channel, info);
          if (opens === 1) return;
          for (const message of rewound.get(channel) ?? [])
            link.received(channel, without(message, 'id', 'serial', 'cursor'));
        },
      };
    });
  }),
  'rewinds no second time': remembering(() => {
    const rewound = new Set<string>();
    return answers((session) => ({
      attach(channel, request) {
        const { rewind } = request;
        if (!rewind || !rewound.has(channel)) {
          if (rewind) rewound.add(channel);
          return session.attach(channel, request);
        }
        return session.attach(channel, { ...request, rewind: undefined });
      },
    }));
  }),
  'announces a backlog that never ends': reports((link) => ({
    attached: (channel, info) =>
      link.attached(channel, { ...info, backlog: info.continuity === 'initial' }),
  })),
  'claims a rewind': declares(() => ({ rewind: 'native' })),
  'announces a backlog that is empty, and does not end it': (adapter) => ({
    ...adapter,
    open(link, resume) {
      const rewinds = new Set<string>();
      const attached: typeof link.attached = (channel, info) =>
        link.attached(channel, { ...info, backlog: info.backlog || rewinds.has(channel) });
      const session = adapter.open({ ...link, attached }, resume);
      return {
        ...session,
        attach(channel, request) {
          if (request.rewind) rewinds.add(channel);
          return session.attach(channel, request);
        },
      };
    },
  }),
  'rewinds on its first connection alone': remembering(() => {
    let opens = 0;
    return answers((session) => {
      opens += 1;
      return {
        attach: (channel, request) =>
          session.attach(channel, opens > 1 ? { ...request, rewind: undefined } : request),
      };
    });
  }),
  'delivers what it missed a moment after what is live': reports((link) => ({
    received(channel, message) {
      const tell = (): void => link.received(channel, message);
      if (message.replayed) link.clock.schedule(tell, 1);
      else tell();
    },
  })),
  'claims to resume': declares(({ resume }) => ({ resume: { ...resume, support: 'native' } })),
};
