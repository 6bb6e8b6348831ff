/**
 * What a mutant is: a good adapter with one thing wrong, as its author could have got it wrong. Tables of them, by
 * area, stand beside this file; the suite must see each one.
 *
 * @see packages/core/test/suite.conformance.test.ts, which holds every case to its sharpest mutant
 */
import type {
  Adapter,
  Capabilities,
  Drop,
  HistoryPage,
  Inbound,
  Link,
  PublishOutcome,
  Session,
} from '@anywire/core';
import type { ConformanceBackend, ConformanceHarness } from '../harness.ts';

/** Breaks an adapter. Called once for each client, so that it can remember something. */
export type Mutant = (adapter: Adapter) => Adapter;

/** Mutants by what is wrong with them: "an adapter that …". */
export type Mutants = Readonly<Record<string, Mutant>>;

/** The harness with an adapter that `mutant` has broken. */
export function mutated<Backend extends ConformanceBackend>(
  harness: ConformanceHarness<Backend>,
  mutant: Mutant,
): ConformanceHarness<Backend> {
  return {
    ...harness,
    async setup() {
      const backend = await harness.setup();
      return { ...backend, adapter: (client) => mutant(backend.adapter(client)) };
    },
  };
}

// --- what is reported ---

/** Gets what it reports wrong. `wrong` is called for each `open`. */
export const reports =
  (wrong: (link: Link) => Partial<Link>): Mutant =>
  (adapter) => ({
    ...adapter,
    open: (link, resume) => adapter.open({ ...link, ...wrong(link) }, resume),
  });

/** Reports other messages than those that came. */
export const receives = (change: (message: Inbound, link: Link) => readonly Inbound[]): Mutant =>
  reports((link) => ({
    received: (channel, message) => {
      for (const changed of change(message, link)) link.received(channel, changed);
    },
  }));

/** Gets drops wrong. */
export const drops = (change: (drop: Drop) => Drop): Mutant =>
  reports((link) => ({ dropped: (drop) => link.dropped(change(drop)) }));

// --- what is asked ---

/** Gets what it is asked wrong. `wrong` is called for each `open`. */
export const answers =
  (wrong: (session: Session, link: Link) => Partial<Session>): Mutant =>
  (adapter) => ({
    ...adapter,
    open(link, resume) {
      const session = adapter.open(link, resume);
      return { ...session, ...wrong(session, link) };
    },
  });

type Proven = Exclude<PublishOutcome, { error: unknown }>;

/** Gets the outcomes of publishes wrong. */
export const acknowledges = (change: (outcome: Proven, link: Link) => PublishOutcome): Mutant =>
  answers((session, link) => ({
    publish: async (...call) =>
      (await session.publish(...call)).map((outcome) =>
        'error' in outcome ? outcome : change(outcome, link),
      ),
  }));

type PageOf = NonNullable<Session['history']>['page'];

/** Gets history wrong. */
export const pages = (wrong: (page: PageOf, link: Link) => PageOf): Mutant =>
  answers(({ history }, link) => (history ? { history: { page: wrong(history.page, link) } } : {}));

/** Gets the pages of a history wrong. */
export const pagesWith = (change: (page: HistoryPage, link: Link) => HistoryPage): Mutant =>
  pages(
    (page, link) =>
      async (...call) =>
        change(await page(...call), link),
  );

type Presence = NonNullable<Session['presence']>;

/** Gets what it does for members wrong. */
export const entering = (wrong: (presence: Presence, link: Link) => Partial<Presence>): Mutant =>
  answers(({ presence }, link) =>
    presence ? { presence: { ...presence, ...wrong(presence, link) } } : {},
  );

// --- what is declared ---

/** Says for each channel that it can do what its ceiling denies. */
export const declares =
  (patch: (ceiling: Capabilities) => Partial<Capabilities>): Mutant =>
  (adapter) => ({
    ...adapter,
    capabilitiesFor: () => ({ ...adapter.capabilities, ...patch(adapter.capabilities) }),
  });

// --- helpers ---

/** A copy that has lost some members. */
export function without<From extends object, Key extends keyof From>(
  from: From,
  ...keys: readonly Key[]
): Omit<From, Key> {
  const rest = { ...from };
  for (const key of keys) delete rest[key];
  return rest;
}

/** A mutant that remembers something of each client. */
export const remembering =
  (make: () => Mutant): Mutant =>
  (adapter) =>
    make()(adapter);
