/** Mutants of auth, refusals, capabilities and names. */
import { RealtimeError, type Link } from '@anywire/core';
import { answers, drops, receives, remembering, reports, type Mutants } from './mutant.ts';

/** Takes a refusal for something that passes. */
const passing = async <Value>(call: Promise<Value>): Promise<Value> =>
  call.catch((error: unknown) => {
    throw RealtimeError.is(error, 'forbidden')
      ? new RealtimeError('server_error', error.message)
      : error;
  });

export const accessMutants: Mutants = {
  'asks for credentials twice': reports((link) => ({
    async authorize(request) {
      await link.authorize({ ...request, connectionRef: 'another' });
      return link.authorize({ ...request, channel: 'x' });
    },
  })),
  'does not verify senders': receives((message) => [
    { ...message, sender: { ...message.sender, verified: false } },
  ]),
  'believes what the payload says of its sender': receives((message) => {
    const { clientId } = (message.data ?? {}) as { clientId?: string };
    return [
      clientId === undefined ? message : { ...message, sender: { clientId, verified: true } },
    ];
  }),
  'gives up when the service refuses a token': drops((drop) =>
    drop.error.code === 'auth_failed' ? { ...drop, retry: 'never' } : drop,
  ),
  'comes back with the token that has expired': drops((drop) =>
    drop.retry === 'fresh-token' && drop.error.code === 'token_expired'
      ? { ...drop, retry: 'backoff' }
      : drop,
  ),
  'takes no new token without a reconnect': answers(() => ({
    refresh: () => Promise.reject(new RealtimeError('auth_failed', 'only when it connects')),
  })),
  'takes a failed question for a denial': reports((link) => ({
    authorize: (request) =>
      link.authorize(request).catch((error: unknown) => {
        throw new RealtimeError('auth_denied', String(error));
      }),
  })),
  'tries on after a denial': drops((drop) =>
    drop.error.code === 'auth_denied' ? { ...drop, retry: 'backoff' } : drop,
  ),
  'tries a forbidden channel again and again': answers((session) => ({
    attach: (...call) => passing(session.attach(...call)),
  })),
  'says nothing of why a publish was refused': answers((session) => ({
    publish: (...call) => session.publish(...call).catch(() => new Promise(() => {})),
  })),
  'hears nothing of its own': receives((message, { nonce }) =>
    message.id?.startsWith(`${nonce}:`) && !message.replayed ? [] : [message],
  ),
  'hears nothing of its own client': remembering(() => {
    let own: string | undefined;
    return reports((link) => ({
      opened(info) {
        own = info.clientId;
        link.opened(info);
      },
      received(channel, message) {
        if (message.sender?.clientId !== own || message.id?.startsWith(`${link.nonce}:`))
          link.received(channel, message);
      },
    }));
  }),
  'echoes under no id': receives((message, { nonce }) => {
    const { id, ...rest } = message;
    return [id?.startsWith(`${nonce}:`) && !message.replayed ? rest : message];
  }),
  'echoes what it should not, under no id': (adapter) => ({
    ...adapter,
    open(link, resume) {
      const silent = new Set<string>();
      const received: typeof link.received = (channel, message) => {
        const { id, ...rest } = message;
        const isOwn = id?.startsWith(`${link.nonce}:`) && silent.has(channel) && !message.replayed;
        link.received(channel, isOwn ? rest : message);
      };
      const session = adapter.open({ ...link, received }, resume);
      return {
        ...session,
        attach(channel, request) {
          if (!request.echo) silent.add(channel);
          return session.attach(channel, { ...request, echo: true });
        },
      };
    },
  }),
  'can do less than it declares': (adapter) => ({
    ...adapter,
    capabilities: {
      ...adapter.capabilities,
      resume: { ...adapter.capabilities.resume, support: 'emulated' },
    },
  }),
  'mixes up the case of channel names': answers((session) => ({
    attach: (channel, request) => session.attach(channel.toLowerCase(), request),
    publish: (channel, ...call) => session.publish(channel.toLowerCase(), ...call),
  })),
  'cuts channel names at 200 characters': answers((session) => ({
    attach: (channel, request) => session.attach(channel.slice(0, 200), request),
    publish: (channel, ...call) => session.publish(channel.slice(0, 200), ...call),
  })),
  'trims event names': receives((message) => [{ ...message, event: message.event.trim() }]),
  'asks for credentials once in its life': remembering(() => {
    let answer: ReturnType<Link['authorize']> | undefined;
    return reports((link) => ({ authorize: (request) => (answer ??= link.authorize(request)) }));
  }),
  'makes up a name for who has none': reports((link) => ({
    opened: (info) => link.opened({ ...info, clientId: info.clientId ?? 'anonymous' }),
  })),
  'keeps a prefix of channel names for itself': answers((session) => {
    const bare = (channel: string): string => channel.replace(/^private-/, '');
    return {
      attach: (channel, request) => session.attach(bare(channel), request),
      publish: (channel, ...call) => session.publish(bare(channel), ...call),
    };
  }),
  'takes an event named error for an error': receives((message) =>
    message.event === 'error' ? [] : [message],
  ),
};
