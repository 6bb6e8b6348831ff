/**
 * The conformance suite tests itself: a backend that breaks one promise must fail a case. Each mutant is the
 * memory adapter with one thing wrong, and prints which cases see it.
 */
import type { Adapter, Inbound, Link, Session } from '@anywire/core';
import { conformanceCases, runCase, whyNot, type ConformanceHarness } from '@anywire/testkit';
import { describe, expect, it } from 'vitest';
import { memoryHarness, type MemoryBackend, type MemoryService } from './memory-harness.ts';

/** What is wrong: with what is reported, or with what is asked. */
interface Mutant {
  readonly link?: (link: Link) => Partial<Link>;
  readonly session?: (session: Session) => Partial<Session>;
  readonly adapter?: (adapter: Adapter) => Partial<Adapter>;
  /** What is wrong shows on such a hub. */
  readonly hub?: MemoryService;
  /** A case that must see it. */
  readonly caughtBy: string;
}

/** Passes every message through `change`, which answers what arrives. */
const messages =
  (change: (message: Inbound) => readonly Inbound[]) =>
  (link: Link): Partial<Link> => ({
    received: (channel, message) => {
      for (const changed of change(message)) link.received(channel, changed);
    },
  });
const withoutRates = ({ capabilities }: Adapter): Partial<Adapter> => {
  const unlimited = { ...capabilities, limits: {} };
  return { capabilities: unlimited, capabilitiesFor: () => unlimited };
};
let seen = 0;

const mutants: Readonly<Record<string, Mutant>> = {
  'loses every 7th message': {
    link: messages((message) => ((seen += 1) % 7 === 0 ? [] : [message])),
    caughtBy: '50 publishes of one sender arrive in order at two receivers',
  },
  'delivers twice, the second time without serial and id': {
    link: messages(({ id, serial, ...rest }) => [
      { ...rest, ...(id && { id }), ...(serial && { serial }) },
      rest,
    ]),
    caughtBy: 'a client hears its own message once, with the id of the receipt',
  },
  'says kept after every interruption': {
    link: (link) => ({
      attached: (channel, info) =>
        link.attached(channel, info.continuity === 'lost' ? { ...info, continuity: 'kept' } : info),
    }),
    caughtBy: 'a service that forgot is told once for each of 2 channels, and new messages flow',
  },
  'says lost after every interruption': {
    link: (link) => ({
      attached: (channel, info) =>
        link.attached(channel, info.continuity === 'kept' ? { ...info, continuity: 'lost' } : info),
    }),
    caughtBy: '4 messages that were missed arrive in order and once, and no gap is told',
  },
  'resumes without the messages that were missed': {
    link: messages((message) => (message.replayed ? [] : [message])),
    caughtBy: '4 messages that were missed arrive in order and once, and no gap is told',
  },
  'never says that it is attached': {
    link: () => ({ attached: () => {} }),
    caughtBy: 'attach() resolves when data flows, after the states idle, attaching and attached',
  },
  'acknowledges less than it declares': {
    session: (session) => ({
      publish: async (...call) =>
        (await session.publish(...call)).map((outcome) =>
          'error' in outcome ? outcome : { level: 'written' },
        ),
    }),
    caughtBy: 'a receipt has an id, the declared level, and a serial where the level is stored',
  },
  'never answers a publish': {
    session: () => ({ publish: () => new Promise(() => {}) }),
    caughtBy: 'a receipt has an id, the declared level, and a serial where the level is stored',
  },
  'never resolves close()': {
    session: () => ({ close: () => new Promise(() => {}) }),
    caughtBy: 'close() leaves at once, without any grace',
  },
  'shares one object among all receivers, and changes it': {
    link: messages((message) => {
      if (Array.isArray(message.data)) message.data.push('changed');
      return [message];
    }),
    caughtBy: 'every kind of JSON value arrives as it was sent',
  },
  'forgets the client id of senders': {
    link: messages((message) => [{ ...message, sender: { verified: false } }]),
    caughtBy: 'the sender of a message is verified, and is not what the payload claims',
  },
  'reads history oldest first, always': {
    session: ({ history }) => ({
      history: {
        page: async (channel, query, signal) =>
          (await history?.page(channel, { ...query, direction: 'forwards' }, signal)) as never,
      },
    }),
    caughtBy: '25 messages are read in 3 pages of at most 10, newest first',
  },
  'never says that a history goes on': {
    session: ({ history }) => ({
      history: {
        page: async (...call) => {
          const page = await history?.page(...call);
          return { items: page?.items ?? [], complete: true };
        },
      },
    }),
    caughtBy: '25 messages are read in 3 pages of at most 10, newest first',
  },
  'gives one message too few in a rewind': {
    session: (session) => ({
      attach: (channel, request) =>
        session.attach(channel, {
          ...request,
          ...(request.rewind && { rewind: request.rewind - 1 }),
        }),
    }),
    caughtBy:
      'the first listener gets the last 3 of 5 messages, marked as replayed, then live ones',
  },
  'does not mark what it replays': {
    link: messages(({ replayed: _, ...message }) => [message]),
    caughtBy:
      'the first listener gets the last 3 of 5 messages, marked as replayed, then live ones',
  },
  'tells nobody that a member left': {
    link: (link) => ({
      presence: (channel, change) =>
        change.action === 'leave' ? undefined : link.presence(channel, change),
    }),
    caughtBy: 'a watcher hears enter, update and leave as one event each, with the data',
  },
  'tells an update as leave and enter': {
    link: (link) => ({
      presence(channel, change) {
        if (change.action !== 'update') return link.presence(channel, change);
        link.presence(channel, { ...change, action: 'leave' });
        link.presence(channel, { ...change, action: 'enter' });
      },
    }),
    caughtBy: 'a watcher hears enter, update and leave as one event each, with the data',
  },
  'mixes up the case of channel names': {
    session: (session) => ({
      attach: (channel, request) => session.attach(channel.toLowerCase(), request),
      publish: (channel, ...call) => session.publish(channel.toLowerCase(), ...call),
    }),
    caughtBy: '19 odd channel names are 19 channels, each with its own messages',
  },
  'says of members who were lost that they left': {
    hub: { presenceGraceMs: 0 },
    link: (link) => ({
      presence: (channel, change) =>
        link.presence(
          channel,
          change.action === 'leave' ? { ...change, reason: 'left' as const } : change,
        ),
    }),
    caughtBy: 'a member that is dropped and comes back is no news to the others',
  },
  'never says that a member left on purpose': {
    hub: { presenceGraceMs: 0 },
    link: (link) => ({
      presence(channel, change) {
        if (change.action !== 'leave') return link.presence(channel, change);
        link.presence(channel, { action: change.action, member: change.member });
      },
    }),
    caughtBy: 'close() leaves at once, without any grace',
  },
  'forgets to say that a lost member is gone': {
    hub: { presenceGraceMs: 0 },
    link: (link) => ({
      presence(channel, change) {
        if (change.action !== 'leave' || change.reason === 'left') link.presence(channel, change);
      },
    }),
    caughtBy: 'a member that is lost and does not come back leaves after the grace, with 1 event',
  },
  'gives all instances of a client one name': {
    link: (link) => ({
      presence(channel, change) {
        if (!('member' in change)) return link.presence(channel, change);
        const member = { ...change.member, instanceId: 'one' };
        link.presence(channel, { ...change, member });
      },
    }),
    caughtBy: 'a client comes with the first of 2 instances and goes with the last one',
  },
  'counts one member too few': {
    link: (link) => ({
      presence(channel, change) {
        if (change.action !== 'occupancy') return link.presence(channel, change);
        link.presence(channel, { ...change, members: change.members - 1 });
      },
    }),
    caughtBy: 'the count of members follows them, and asks for nothing more where it can',
  },
  'gives a channel more than it declares': {
    adapter: ({ capabilities }) => ({
      capabilitiesFor: () => ({ ...capabilities, maxPayloadBytes: 1e6 }),
    }),
    caughtBy: 'no channel has more than the adapter declares, before and after it is attached',
  },
  'does not say that its service counts publishes': {
    hub: { rates: { publish: [{ max: 5, perMs: 1_000, scope: 'connection' }] } },
    adapter: withoutRates,
    caughtBy: 'publishes beyond the rate wait their turn: none is refused, and all arrive in order',
  },
  'does not say that its service counts attaches': {
    hub: { rates: { attach: [{ max: 5, perMs: 1_000, scope: 'connection' }] } },
    adapter: withoutRates,
    caughtBy: 'attaches beyond the rate wait their turn, and all channels get their messages',
  },
  'does not say that its service counts presence updates': {
    hub: { rates: { presence: [{ max: 5, perMs: 1_000, scope: 'connection' }] } },
    adapter: withoutRates,
    caughtBy: 'presence updates beyond the rate are not refused, and others see the last one',
  },
  'gives up when the service refuses a token': {
    link: (link) => ({ dropped: (drop) => link.dropped({ ...drop, retry: 'never' }) }),
    caughtBy: 'asks again after the service refused, until it does not',
  },
  'mixes up messages that an interceptor has changed': {
    link(link) {
      let kept: (() => void) | undefined;
      return {
        received(channel, message) {
          const before = kept;
          kept = undefined;
          const isSigned = String(message.data).startsWith('signed ');
          if (isSigned && !before) kept = () => link.received(channel, message);
          else link.received(channel, message);
          before?.();
        },
      };
    },
    caughtBy: 'interceptors are passed in order on the way out and in reverse on the way in',
  },
  'leaves out lists': {
    link: messages((message) => [{ ...message, data: without('more', message.data) }]),
    caughtBy:
      'data that a schema refuses reject as invalid before the wire; others arrive unchanged',
  },
  'makes text of numbers': {
    link: messages((message) => {
      const { text } = (message.data ?? {}) as { text?: unknown };
      return [typeof text === 'number' ? { ...message, data: { text: `${text}` } } : message];
    }),
    caughtBy:
      'data that come in and that a schema refuses are reported and left out, live and read',
  },
  'delivers bytes as a list of numbers': {
    link: messages((message) => [
      message.data instanceof Uint8Array ? { ...message, data: [...message.data] } : message,
    ]),
    caughtBy:
      '0 bytes, 1 byte, all 256 values and 60 KB arrive as they were, as a plain Uint8Array',
  },
  'hands out the same bytes to every client': {
    link: messages((message) => {
      if (!(message.data instanceof Uint8Array)) return [message];
      const key = String(message.id);
      if (!shared.has(key)) shared.set(key, message.data);
      return [{ ...message, data: shared.get(key) }];
    }),
    caughtBy: 'bytes are what they were at the call, and no two clients share them',
  },
  'takes text that looks like base64 for bytes': {
    link: messages((message) => [
      message.data === 'AAEC' ? { ...message, data: new Uint8Array([0, 1, 2]) } : message,
    ]),
    caughtBy: 'bytes and JSON alternate in one channel without being taken for each other',
  },
  'keeps bytes in history as text': {
    session: ({ history }) => ({
      history: {
        page: async (...call) => {
          const page = await history?.page(...call);
          return { complete: true, ...page, items: (page?.items ?? []).map(asText) };
        },
      },
    }),
    caughtBy: 'history holds bytes',
  },
  'cuts bytes off at 60,000': {
    link: messages((message) => [
      message.data instanceof Uint8Array
        ? { ...message, data: message.data.slice(0, 60_000) }
        : message,
    ]),
    caughtBy: 'bytes over the declared size are refused before the wire: they count as they travel',
  },
  'replays bytes as text': {
    link: messages((message) => [message.replayed ? asText(message) : message]),
    caughtBy: 'a rewind holds bytes',
  },
};

/** `data` without a member. */
function without(member: string, data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !(member in data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([name]) => name !== member));
}

/** Bytes that were delivered first, by message. */
const shared = new Map<string, Uint8Array>();

const asText = (message: Inbound): Inbound =>
  message.data instanceof Uint8Array ? { ...message, data: String(message.data) } : message;

function mutated(adapter: Adapter, { link: wrong, session: asks, adapter: is }: Mutant): Adapter {
  return {
    ...adapter,
    ...is?.(adapter),
    open(link, resume) {
      const session = adapter.open({ ...link, ...wrong?.(link) }, resume);
      return { ...session, ...asks?.(session) };
    },
  };
}

function harnessOf(mutant: Mutant): ConformanceHarness<MemoryBackend> {
  const good = memoryHarness([], 0, mutant.hub);
  return {
    ...good,
    async setup() {
      const backend = await good.setup();
      return { ...backend, adapter: (client) => mutated(backend.adapter(client), mutant) };
    },
  };
}

describe('the suite', () => {
  const cases = [...conformanceCases.values()].flat();

  it('has at least 40 cases, and no two of one title', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length);
  });

  it.each(Object.entries(mutants))('catches an adapter that %s', async (_, mutant) => {
    const harness = harnessOf(mutant);
    const caught: string[] = [];
    for (const one of cases) {
      if (whyNot(one, harness) !== undefined) continue;
      await runCase(harness, one).catch(() => caught.push(one.title));
    }
    console.info(`${caught.length} cases see it:\n  ${caught.join('\n  ')}`);
    expect(caught).toContain(mutant.caughtBy);
  });
});
