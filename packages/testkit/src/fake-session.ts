/**
 * One session of the fake adapter: turns core's calls into records, and answers into reports.
 *
 * An automatic answer comes in a later microtask, as no real backend answers inside the call.
 */
import {
  RealtimeError,
  type AttachedInfo,
  type Capabilities,
  type Link,
  type OpenedInfo,
  type Session,
} from '@anywire/core';
import {
  recordCall,
  type FakeAnswers,
  type FakeCall,
  type FakeCallDetails,
  type FakeCallEnd,
  type FakeVerb,
} from './fake-call.ts';

/** What a session asks the adapter's owner. */
export interface FakeScript {
  readonly capabilities: Capabilities;
  readonly authorize: boolean;
  /** It was called. */
  record(call: FakeCall): void;
  /** A microtask later: what to do about it. */
  decide(call: FakeCall): void;
}

/** A session, as a test sees it. */
export interface FakeSession extends Session {
  /** Reports go here. */
  readonly link: Link;
  readonly resume: unknown;
  /** `close` was called. */
  readonly closed: boolean;
  /** Channels that are attached, with the request of each. */
  readonly attached: ReadonlyMap<string, FakeCallDetails['attach']['request']>;
  /** Reports `opened` again, and `attached` for each channel. */
  reopen(continuity: AttachedInfo['continuity']): void;
}

/** Starts a session; `start` makes the `open` call, once the owner knows the session. */
export function openFakeSession(
  script: FakeScript,
  link: Link,
  resume: unknown,
  index: number,
): { session: FakeSession; start(): void } {
  const attached = new Map<string, FakeCallDetails['attach']['request']>();
  const serials = new Map<string, number>();
  let connections = 0;
  let closed = false;

  const openedInfo = (info: Partial<OpenedInfo> = {}): OpenedInfo => ({
    connectionId: `fake-${index}.${(connections += 1)}`,
    ...(link.clientId !== undefined && { clientId: link.clientId }),
    ...info,
  });
  const cursor = (channel: string): string => `fake:${serials.get(channel) ?? 0}`;
  const report = (channel: string, info: AttachedInfo): void => {
    link.attached(channel, info);
    if (!['watch', 'enter'].includes(attached.get(channel)?.presence ?? '')) return;
    link.presence(channel, { action: 'sync-start' });
    link.presence(channel, { action: 'sync-end' });
  };

  async function call<Verb extends FakeVerb>(
    verb: Verb,
    details: FakeCallDetails[Verb],
    end: FakeCallEnd<Verb>,
    signal?: AbortSignal,
  ): Promise<FakeAnswers[Verb]> {
    const recorded = recordCall(verb, index, details, end, signal);
    script.record(recorded.call);
    await Promise.resolve();
    script.decide(recorded.call);
    return recorded.result;
  }
  const nothing = { perform: () => {} };

  const session: FakeSession = {
    link,
    resume,
    attached,
    native: { fake: index },
    get closed() {
      return closed;
    },
    reopen(continuity) {
      link.opened(openedInfo());
      for (const channel of attached.keys())
        report(channel, { continuity, cursor: cursor(channel) });
    },
    attach: async (channel, request) =>
      void (await call(
        'attach',
        { channel, request },
        {
          perform(given) {
            attached.set(channel, request);
            const continuity = request.cursor === undefined ? 'initial' : 'kept';
            const info = given ?? { continuity, cursor: cursor(channel) };
            report(channel, info);
            return info;
          },
        },
        request.signal,
      )),
    detach: (channel) =>
      call('detach', { channel }, { perform: () => void attached.delete(channel) }),
    publish: (channel, batch, signal) =>
      call(
        'publish',
        { channel, batch },
        {
          perform: (given) =>
            given ??
            batch.map((message) => {
              if (message.volatile) return { level: 'none' };
              const serial = (serials.get(channel) ?? 0) + 1;
              serials.set(channel, serial);
              const { ack } = script.capabilities;
              return ack === 'stored' ? { level: ack, serial } : { level: ack };
            }),
        },
        signal,
      ),
    ...optional(script.capabilities, call),
    refresh: (credentials) => call('refresh', { credentials }, { perform: (given) => given }),
    retryNow: () => void call('retryNow', {}, nothing),
    ping: (signal) => call('ping', {}, nothing, signal),
    close: () => call('close', {}, { perform: () => void (closed = true) }),
  };

  return {
    session,
    start() {
      const end: FakeCallEnd<'open'> = {
        perform(given = {}) {
          const info = openedInfo(given);
          if (!script.authorize) link.opened(info);
          else void authorized(link, info);
          return info;
        },
        refuse: (error) => link.dropped({ error, retry: 'backoff' }),
      };
      call('open', { resume }, end).catch(() => {});
    },
  };
}

/** Presence and history, where the capabilities have them. */
function optional(
  capabilities: Capabilities,
  call: <Verb extends 'enter' | 'update' | 'leave' | 'history'>(
    verb: Verb,
    details: FakeCallDetails[Verb],
    end: FakeCallEnd<Verb>,
    signal?: AbortSignal,
  ) => Promise<FakeAnswers[Verb]>,
): Pick<Session, 'presence' | 'history'> {
  const nothing = { perform: () => {} };
  const empty = {
    perform: (given?: FakeAnswers['history']) => given ?? { items: [], complete: true },
  };
  return {
    ...(capabilities.presence.support !== 'none' && {
      presence: {
        enter: (channel, data, signal) => call('enter', { channel, data }, nothing, signal),
        update: (channel, data, signal) => call('update', { channel, data }, nothing, signal),
        leave: (channel, signal) => call('leave', { channel }, nothing, signal),
      },
    }),
    ...(capabilities.history.support !== 'none' && {
      history: {
        page: (channel, query, signal) => call('history', { channel, query }, empty, signal),
      },
    }),
  };
}

/** Reports `opened` with what the app's credentials say, or `dropped` when there are none. */
async function authorized(link: Link, info: OpenedInfo): Promise<void> {
  try {
    const { clientId, expiresAt } = await link.authorize({});
    link.opened({
      ...(clientId !== undefined && { clientId }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...info,
    });
  } catch (cause) {
    const error = RealtimeError.from(cause, 'auth_failed');
    const retry = error.code === 'auth_denied' ? 'never' : 'fresh-token';
    link.dropped({ error, retry });
  }
}
