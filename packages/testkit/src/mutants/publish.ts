/** Mutants of publishing. */
import { RealtimeError, type Outbound, type PublishOutcome } from '@anywire/core';
import {
  acknowledges,
  answers,
  declares,
  receives,
  remembering,
  reports,
  without,
  type Mutants,
} from './mutant.ts';

/** Sends `change` of each batch; the answers are those of the whole batch. */
const sends = (
  change: (batch: readonly Outbound[], opens: number) => readonly Outbound[],
): Mutants[string] =>
  remembering(() => {
    let opens = 0;
    return answers((session) => {
      opens += 1;
      return {
        publish: (channel, batch, signal) => session.publish(channel, change(batch, opens), signal),
      };
    });
  });
const parsed = (data: unknown): unknown => {
  try {
    return typeof data === 'string' ? (JSON.parse(data) as unknown) : data;
  } catch {
    return data;
  }
};

export const publishMutants: Mutants = {
  'gives no serial with what is stored': acknowledges((outcome) => without(outcome, 'serial')),
  'acknowledges less than it declares': acknowledges((outcome) => ({
    ...outcome,
    level: 'written',
  })),
  'parses text that looks like JSON': receives((message) => [
    { ...message, data: parsed(message.data) },
  ]),
  'shares one object among all receivers, and changes it': receives((message) => {
    if (Array.isArray(message.data)) message.data.push('changed');
    return [message];
  }),
  'sends what waited for a reconnect in reverse': sends((batch, opens) =>
    opens > 1 ? batch.toReversed() : batch,
  ),
  'refuses the first batch of a connection for now': remembering(() => {
    const error = new RealtimeError('rate_limited', 'not yet');
    return answers((session) => {
      let isReady = false;
      return {
        publish(channel, batch, signal) {
          if (isReady || batch.length < 2) return session.publish(channel, batch, signal);
          isReady = true;
          return Promise.resolve(batch.map((): PublishOutcome => ({ error })));
        },
      };
    });
  }),
  'sends a resend under a new id': sends((batch, opens) =>
    opens > 1 ? batch.map((message) => ({ ...message, id: `${message.id}0${opens}` })) : batch,
  ),
  'claims an ack that it cannot prove': declares(() => ({ ack: 'stored' })),
  'claims to know ids': declares(() => ({ idempotencyWindowMs: 60_000 })),
  'keeps volatile messages': sends((batch) =>
    batch.map((message) => ({ ...message, volatile: false })),
  ),
  'cuts what is longer than a page of memory': receives((message) => [
    typeof message.data === 'string' && message.data.length > 4_096
      ? { ...message, data: message.data.slice(0, 4_096) }
      : message,
  ]),
  'acknowledges a lone publish after a reconnect, and loses it': remembering(() => {
    let opens = 0;
    return answers((session) => {
      let lost = (opens += 1) === 1;
      return {
        publish(channel, batch, signal) {
          if (lost || batch.length > 1) return session.publish(channel, batch, signal);
          lost = true;
          return Promise.resolve(batch.map((): PublishOutcome => ({ level: 'stored', serial: 1 })));
        },
      };
    });
  }),
  'takes what was under way when it broke for sent': (adapter) => ({
    ...adapter,
    open(link, resume) {
      const out = new Set<() => void>();
      const dropped: typeof link.dropped = (drop) => {
        for (const resolve of out) resolve();
        link.clock.schedule(() => link.dropped(drop), 1);
      };
      const session = adapter.open({ ...link, dropped }, resume);
      return {
        ...session,
        publish: (channel, batch, signal) =>
          new Promise((resolve, reject) => {
            const sent = (): void => resolve(batch.map(() => ({ level: 'accepted' })));
            out.add(sent);
            session.publish(channel, batch, signal).then(resolve, reject);
          }),
      };
    },
  }),
  'calls every event by the name of the first': remembering(() => {
    let name: string | undefined;
    return receives((message) => [{ ...message, event: (name ??= message.event) }]);
  }),
  'sends the object, and not the text that was made of it': sends((batch) =>
    batch.map((message) => ({
      ...message,
      ...(message.json && { json: JSON.stringify(message.data) }),
    })),
  ),
  'sends everything of one tick to the first channel': remembering(() => {
    let first: string | undefined;
    return answers((session) => ({
      publish(channel, ...call) {
        first ??= channel;
        queueMicrotask(() => (first = undefined));
        return session.publish(first, ...call);
      },
    }));
  }),
  'gives up an ack after 100 ms': answers((session, link) => ({
    publish: (channel, batch, signal) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void => reject(new RealtimeError('timeout', 'no ack'));
        const cancel = link.clock.schedule(giveUp, 100);
        session.publish(channel, batch, signal).then(resolve, reject).finally(cancel);
      }),
  })),
  'breaks its connection when a signal fires': answers((session, link) => ({
    publish(channel, batch, signal) {
      const error = new RealtimeError('connection_failed', 'aborted');
      signal.addEventListener('abort', () => link.dropped({ error, retry: 'now' }));
      return session.publish(channel, batch, signal);
    },
  })),
  'does not pass on the limits that the service states': reports((link) => ({
    opened: (info) => link.opened(without(info, 'limits')),
  })),
  'claims to publish without an attachment': declares(({ publish }) => ({
    publish: { ...publish, needsAttach: false },
  })),
  'takes ids of its own page alone': answers((session, { nonce }) => ({
    publish(channel, batch, signal) {
      const error = new RealtimeError('forbidden', 'not of this page');
      return batch.every(({ id }) => id.startsWith(`${nonce}:`))
        ? session.publish(channel, batch, signal)
        : Promise.resolve(batch.map(() => ({ error })));
    },
  })),
  'loses what has no wire sequence': answers((session) => ({
    async publish(channel, batch, signal) {
      const numbered = batch.filter(({ sequence, volatile }) => volatile || sequence);
      const outcomes = [...(await session.publish(channel, numbered, signal))];
      return batch.map((message) =>
        numbered.includes(message)
          ? (outcomes.shift() ?? { level: 'none' })
          : { level: 'stored', serial: 1 },
      );
    },
  })),
};
