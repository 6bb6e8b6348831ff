/**
 * Who is present, through cuts, silence, evictions and repeated reports: everybody who watches agrees with the hub in the
 * end, and on the way has heard edges that make sense.
 *
 * @see docs/semantics.md#presence
 */
import {
  createRealtime,
  RealtimeError,
  type Link,
  type MemberInfo,
  type PresenceAction,
} from '@anywire/core';
import { memory } from '@anywire/core/memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fate, type Fate } from '../client.ts';
import { finds, holds, limitMs, spoiled } from './property.ts';
import { slowHub, type SlowHub } from './slow-hub.ts';

/** Two of them are one client in two tabs. */
const names = ['ann', 'ann', 'bob', 'cem'];

interface Step {
  readonly act: keyof Acts;
  /** Whose step. */
  readonly who: number;
  /** The data, or how long. */
  readonly value: number;
  /** How much crosses after it. */
  readonly pass: number;
}

type Acts = Readonly<
  Record<
    'enter' | 'update' | 'leave' | 'cut' | 'silence' | 'evict' | 'wait',
    (who: number, value: number) => unknown
  >
>;

const some = (
  weight: number,
  act: keyof Acts,
  value: fc.Arbitrary<number> = fc.constant(0),
): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary: fc.record({
    act: fc.constant(act),
    who: fc.nat(names.length - 1),
    value,
    pass: fc.constantFrom(0, 1, 2, 3, 5, 8, 1_000, 1_000),
  }),
});

const scripts = fc.array(
  fc.oneof(
    some(6, 'enter', fc.nat(2)),
    some(4, 'update', fc.nat(2)),
    some(3, 'leave'),
    some(2, 'cut'),
    some(1, 'silence'),
    some(1, 'evict'),
    some(2, 'wait', fc.constantFrom(10, 400, 16_000)),
  ),
  { maxLength: 30 },
);

const keyOf = ({ clientId, instanceId }: MemberInfo): string => `${clientId}/${instanceId}`;
const sorted = (members: readonly MemberInfo[]): string[] =>
  members.map((member) => `${keyOf(member)} ${JSON.stringify(member.data)}`).sort();

/** What somebody believes who hears edges alone; each of them must make sense. */
class Believer {
  readonly members = new Map<string, MemberInfo>();
  readonly leaves = new Map<string, number>();
  readonly complaints: string[] = [];
  #before = new Set<string>();

  hear(action: PresenceAction, member: MemberInfo): void {
    const key = keyOf(member);
    const before = this.members.get(key);
    const isSensible =
      action === 'update'
        ? before && before.data !== member.data
        : !before === (action === 'enter');
    if (!isSensible) this.complaints.push(`${action} of ${key}, known: ${before?.data}`);
    if (action === 'leave') this.#left(key);
    else this.members.set(key, member);
  }

  /** What follows is everybody. */
  startAnew(): void {
    this.#before = new Set(this.members.keys());
    this.members.clear();
  }

  missSome(): void {
    for (const key of this.#before) if (!this.members.has(key)) this.#left(key);
    this.#before.clear();
  }

  #left(key: string): void {
    this.leaves.set(key, (this.leaves.get(key) ?? 0) + 1);
    this.members.delete(key);
  }
}

/** Sees what the hub says, without core; nothing cuts it off. */
async function watchHub({ hub, clock, pass }: SlowHub): Promise<Witness> {
  const believer = new Believer();
  const { signal } = new AbortController();
  const session = memory({ hub, clientId: 'witness' }).open({
    opened: () => {},
    dropped: ({ error }) => believer.complaints.push(error.message),
    attached: () => {},
    replayed: () => {},
    detached: () => {},
    received: () => {},
    presence(_, change) {
      if (change.action === 'sync-start') believer.startAnew();
      else if (change.action === 'sync-end') believer.missSome();
      else if ('member' in change) believer.hear(change.action, change.member);
    },
    alive: () => {},
    report: () => {},
    authorize: () => Promise.resolve({}),
    nonce: 'witness',
    secret: 'secret-of-this-one',
    clientId: 'witness',
    instanceId: 'witness',
    clock,
    random: () => 0,
    log: () => {},
  });
  const witness: Witness = {
    believer,
    async attach() {
      const attached = session.attach('room', {
        spec: { name: 'room', kind: 'private', history: true, presence: true },
        presence: 'watch',
        echo: true,
        signal,
      });
      await pass();
      await attached;
    },
    close: () => session.close(),
  };
  await pass();
  await witness.attach();
  return witness;
}

interface Witness {
  readonly believer: Believer;
  /** Asks for the whole set again. */
  attach(): Promise<void>;
  close(): Promise<void>;
}

async function play(
  script: readonly Step[],
  isNoisy: boolean,
  spoil: (link: Link) => Partial<Link> = () => ({}),
): Promise<void> {
  const slow = slowHub({ heartbeatMs: 1_000 });
  const { hub, clock, pass, calmDown } = slow;
  const noisy = ({ presence }: Link): Partial<Link> => ({
    presence(channel, change) {
      for (let times = isNoisy ? 2 : 1; times > 0; times -= 1) presence(channel, change);
    },
  });
  const clients = names.map((clientId, index) => {
    const storage = { getItem: () => `tab ${index}`, setItem: () => {}, removeItem: () => {} };
    const realtime = createRealtime({
      adapter: spoiled(spoiled(memory({ hub, clientId }), noisy), spoil),
      clock,
      random: () => 0.5,
      reconnectMinMs: 10,
      reconnectMaxMs: 100,
      timeoutMs: 3_000,
      heartbeatSlackMs: 500,
      log: () => {},
      environment: { watch: () => () => {}, storage },
    });
    realtime.onError(() => {});
    const { presence } = realtime.channel('room');
    const believer = new Believer();
    for (const action of ['enter', 'update', 'leave'] as const)
      presence.on(action, (member) => believer.hear(action, member));
    return { realtime, presence, believer, last: undefined as Fate<void> | undefined, wish: -1 };
  });
  const witness = await watchHub(slow);
  let evictions = 0;

  const acts: Acts = {
    enter: (who, value) => ask(who, value, clients[who]!.presence.enter(value)),
    update: (who, value) => ask(who, value, clients[who]!.presence.update(value)),
    leave: (who) => ask(who, -1, clients[who]!.presence.leave()),
    cut: (who) => hub.drop(names[who]),
    async silence(who) {
      hub.mute(names[who]);
      await clock.advance(1_600);
      hub.start();
    },
    async evict() {
      evictions += 1;
      hub.evict('room', { error: new RealtimeError('server_error', 'evicted'), retry: 'now' });
      await pass();
      await witness.attach(); // before they are back: it hears that they are gone
    },
    wait: (_, ms) => clock.advance(ms),
  };
  function ask(who: number, wish: number, promise: Promise<void>): void {
    Object.assign(clients[who]!, { wish, last: fate(promise) });
  }
  for (const { act, who, value, pass: count } of script) {
    await acts[act](who, value);
    await pass(count);
  }
  await calmDown(20_000);

  await witness.attach();
  const truth = sorted([...witness.believer.members.values()]);
  for (const [index, { presence, believer, last, wish }] of clients.entries()) {
    const own = truth.find((member) => member.includes(`tab ${index}`));
    expect(last?.outcome).not.toBe('pending');
    if (wish < 0 || last?.outcome === 'invalid') expect(own).toBeUndefined();
    else if (last?.outcome === 'resolved') expect(own).toBe(`${names[index]}/tab ${index} ${wish}`);
    expect(presence.synced).toBe(true);
    expect(sorted(presence.members.get())).toEqual(truth);
    expect([...presence.clients.get().values()].flat()).toHaveLength(truth.length);
    expect(believer.complaints).toEqual([]);
    expect(sorted([...believer.members.values()])).toEqual(truth);
    // Who enters and leaves while the witness is evicted, too, is seen by others alone.
    for (const [key, count] of believer.leaves) {
      const seen = witness.believer.leaves.get(key) ?? 0;
      expect(count, `${key} left`).toBeLessThanOrEqual(seen + evictions);
    }
  }
  for (const { realtime } of clients) await realtime.close();
  await witness.close();
  await pass();
  hub.forget();
  expect(clock.pending).toBe(0);
}

const property = (spoil?: (link: Link) => Partial<Link>): fc.IRawProperty<[Step[], boolean]> =>
  fc.asyncProperty(scripts, fc.boolean(), (script, isNoisy) => play(script, isNoisy, spoil));

it(
  'everybody agrees with the hub in the end, and heard nobody leave who did not',
  () => holds(property()),
  limitMs,
);

// --- seeded bugs ---

it('finds an adapter that tells an update as leave and enter', () =>
  finds(
    property(({ presence }) => ({
      presence(channel, change) {
        if (change.action === 'update') presence(channel, { ...change, action: 'leave' });
        presence(channel, change);
      },
    })),
  ));

it('finds an adapter that says nothing of the beginning of a sync', () =>
  finds(
    property(({ presence }) => ({
      presence: (channel, change) => change.action === 'sync-start' || presence(channel, change),
    })),
  ));
