/**
 * A scriptable adapter for tests of core: it records every call, answers friendly by itself or as the
 * test says, and hands out the link so that a test can report anything at any moment.
 *
 * It is no backend: nothing that is published comes back unless the test reports it.
 *
 * @see fake.test.ts · fake-call.ts for what a call can be answered with
 */
import type { Adapter, AttachedInfo, Capabilities, ChannelSpec, Drop, Link } from '@anywire/core';
import { RealtimeError } from '@anywire/core';
import { capabilitiesWith, type CapabilitiesPatch } from './fake-capabilities.ts';
import type { FakeCall, FakeVerb } from './fake-call.ts';
import { openFakeSession, type FakeScript, type FakeSession } from './fake-session.ts';

export type { CapabilitiesPatch } from './fake-capabilities.ts';
export type { FakeAnswers, FakeCall, FakeCallDetails, FakeVerb } from './fake-call.ts';
export type { FakeSession } from './fake-session.ts';
export { capabilitiesWith } from './fake-capabilities.ts';

export interface FakeOptions {
  /** Who reconnects. @default 'core' */
  readonly reconnect?: 'core' | 'adapter';
  /** Answer every call at once; otherwise each waits for the test. @default true */
  readonly auto?: boolean;
  /** Ask the app for credentials before an automatic `opened`. @default false */
  readonly authorize?: boolean;
  /** What differs from a backend that can do everything. */
  readonly capabilities?: CapabilitiesPatch;
  readonly capabilitiesFor?: (spec: ChannelSpec) => CapabilitiesPatch;
}

/** The adapter, and the test's side of it. */
export interface FakeAdapter extends Adapter {
  /** One for each `open`, oldest first. */
  readonly sessions: readonly FakeSession[];
  /** The last one. @throws when nothing was opened */
  readonly session: FakeSession;
  /** The link of the last session: call it to report anything. */
  readonly link: Link;
  /** Every call of all sessions, in order. */
  readonly calls: readonly FakeCall[];
  /** All calls of one verb, in order. */
  all<Verb extends FakeVerb>(verb: Verb): readonly FakeCall<Verb>[];
  /** The last call of one verb. @throws when there was none */
  last<Verb extends FakeVerb>(verb: Verb): FakeCall<Verb>;
  /** The next call of one verb that is yet to come. */
  next<Verb extends FakeVerb>(verb: Verb): Promise<FakeCall<Verb>>;
  /** From now on `fn` decides about calls of `verb`: it answers, rejects, or lets them wait. */
  handle<Verb extends FakeVerb>(verb: Verb, fn: (call: FakeCall<Verb>) => void): void;
  /** From now on calls of these verbs wait. */
  hold(...verbs: readonly FakeVerb[]): void;
  /** Answers what waits, in order, and from now on by itself. */
  release(...verbs: readonly FakeVerb[]): void;
  /** Breaks the current connection. @default a `connection_failed` with `retry: 'backoff'` */
  drop(drop?: Partial<Drop>): void;
  /** `reconnect: 'adapter'`: the SDK is back; every channel is attached again with `continuity`. */
  reopen(continuity?: AttachedInfo['continuity']): void;
}

/** A fake backend. @see FakeAdapter */
export function fakeAdapter(options: FakeOptions = {}): FakeAdapter {
  const capabilities: Capabilities = capabilitiesWith({
    ...options.capabilities,
    reconnect: options.reconnect ?? 'core',
  });
  const { capabilitiesFor } = options;
  const auto = options.auto ?? true;
  const sessions: FakeSession[] = [];
  const calls: FakeCall[] = [];
  const handlers = new Map<FakeVerb, ((call: never) => void) | 'auto'>();
  const awaited = new Map<FakeVerb, ((call: never) => void)[]>();

  const script: FakeScript = {
    capabilities,
    authorize: options.authorize ?? false,
    record: (call) => void calls.push(call),
    decide(call) {
      const handler = handlers.get(call.verb) ?? (auto ? 'auto' : undefined);
      if (handler === 'auto') call.answer();
      else handler?.(call as never);
      const waiters = awaited.get(call.verb) ?? [];
      awaited.delete(call.verb);
      for (const tell of waiters) tell(call as never);
    },
  };

  const all = <Verb extends FakeVerb>(verb: Verb): readonly FakeCall<Verb>[] =>
    calls.filter((call): call is FakeCall<Verb> => call.verb === verb);
  const last = <Value>(values: readonly Value[], what: string): Value => {
    const value = values.at(-1);
    if (value === undefined) throw new Error(`fake: no ${what} so far`);
    return value;
  };
  const session = (): FakeSession => last(sessions, 'open');

  return {
    name: 'fake',
    specVersion: 1,
    capabilities,
    ...(capabilitiesFor && {
      capabilitiesFor: (spec: ChannelSpec) =>
        capabilitiesWith({ ...options.capabilities, ...capabilitiesFor(spec) }),
    }),
    open(link, resume) {
      const opened = openFakeSession(script, link, resume, sessions.length);
      sessions.push(opened.session);
      opened.start();
      return opened.session;
    },
    sessions,
    get session() {
      return session();
    },
    get link() {
      return session().link;
    },
    calls,
    all,
    last: (verb) => last(all(verb), verb),
    next: (verb) =>
      new Promise((resolve) => awaited.set(verb, [...(awaited.get(verb) ?? []), resolve])),
    handle: (verb, fn) => void handlers.set(verb, fn),
    hold: (...verbs) => verbs.forEach((verb) => handlers.set(verb, () => {})),
    release(...verbs) {
      for (const verb of verbs) handlers.set(verb, 'auto');
      for (const call of calls) if (verbs.includes(call.verb)) call.answer();
    },
    drop(drop = {}) {
      const error = new RealtimeError('connection_failed', 'the fake connection was cut');
      session().link.dropped({ error, retry: 'backoff', ...drop });
    },
    reopen: (continuity = 'kept') => session().reopen(continuity),
  };
}
