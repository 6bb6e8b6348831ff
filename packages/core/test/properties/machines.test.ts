/**
 * Connection and channel against a small model, which knows only what has happened: whatever the app asks, the service
 * does and the page hints at, in whatever order, the states follow, every promise settles, and at most one session lives.
 *
 * @see docs/architecture.md#connection · docs/architecture.md#channel
 */
import type { ChannelState, ConnectionState } from '@anywire/core';
import type { FakeCall, FakeSession } from '@anywire/testkit/fake';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failure, fate, testClient, type Fate, type TestClient } from '../client.ts';
import { finds, holds, limitMs } from './property.ts';

const timeoutMs = 10_000;
const suspendAfterMs = 120_000;
const lingerMs = 2_500;

const acts = [
  'connect',
  'connect',
  'close',
  'answer',
  'answer',
  'answer',
  'refuse',
  'drop',
  'drop',
  'drop for ever',
  'hint online',
  'hint visible',
  'hint offline',
  'attach',
  'detach',
  'listen',
  'listen',
  'stop listening',
  'stop listening',
  'refuse the channel',
  'evict',
  'wait 1 s',
  'wait 1 s',
  'wait 3 s',
  'wait 3 s',
  'wait 11 s',
  'wait 40 s',
  'wait 130 s',
] as const;

type Act = (typeof acts)[number];

/** What must be, as far as it follows from what has happened. */
class Model {
  state: ConnectionState = 'idle';
  /** Without a success since then. */
  #sinceMs = 0;
  #triedAtMs = 0;
  readonly isVendor: boolean;

  constructor(isVendor: boolean) {
    this.isVendor = isVendor;
  }

  /** @param triedAtMs - when the try that is out began */
  asked(nowMs: number, triedAtMs = nowMs): void {
    if (['connecting', 'connected', 'reconnecting'].includes(this.state)) return;
    this.state = 'connecting';
    this.#sinceMs = nowMs;
    this.#triedAtMs = triedAtMs;
  }

  used(nowMs: number): void {
    if (this.state === 'idle') this.asked(nowMs);
  }

  opened(): void {
    this.state = 'connected';
  }

  dropped(nowMs: number): void {
    if (this.state === 'connected') this.#sinceMs = nowMs;
    if (this.state !== 'suspended') this.state = 'reconnecting';
  }

  refused(): void {
    this.state = 'failed';
  }

  closed(): void {
    this.state = 'closed';
  }

  timePassed(nowMs: number): void {
    const isTrying = this.state === 'connecting' || this.state === 'reconnecting';
    if (isTrying && nowMs - this.#sinceMs >= suspendAfterMs) this.state = 'suspended';
    // The first try gave up; later ones were reconnecting already.
    else if (this.state === 'connecting' && !this.isVendor && nowMs - this.#triedAtMs >= timeoutMs)
      this.state = 'reconnecting';
  }
}

/** How core may be seen as broken, for the seeded bugs. */
type Spoil = (client: TestClient) => void;

class Play {
  readonly client: TestClient;
  readonly model: Model;
  readonly #fates: Fate<unknown>[] = [];
  readonly #gone = new Set<FakeSession>();
  #offs: (() => void)[] = [];
  #isAttached = false;
  #refusesChannel = false;
  #usedAtMs = -Infinity;
  #triedAtMs = 0;

  constructor(isVendor: boolean, spoil: Spoil) {
    this.model = new Model(isVendor);
    this.client = testClient({ fake: { reconnect: isVendor ? 'adapter' : 'core' } });
    this.client.fake.handle('open', () => (this.#triedAtMs = this.client.clock.now()));
    this.client.fake.handle('attach', (call) => {
      if (this.#refusesChannel) call.reject(failure('server_error'));
      else call.answer();
    });
    spoil(this.client);
  }

  // --- what can be done ---

  /** The try that is out. */
  get #open(): FakeCall<'open'> | undefined {
    const call = this.client.fake.all('open').at(-1);
    return call && !call.settled && !this.#isGone(this.client.fake.session) ? call : undefined;
  }

  #isGone(session: FakeSession): boolean {
    return session.closed || this.#gone.has(session);
  }

  get #isOpen(): boolean {
    return this.model.state === 'connected';
  }

  readonly #acts: Readonly<Record<Exclude<Act, `wait ${string}`>, () => void>> = {
    connect: () => {
      this.model.asked(this.client.clock.now(), this.#open && this.#triedAtMs);
      this.#fates.push(fate(this.client.realtime.connection.connect()));
    },
    close: () => {
      this.#fates.push(fate(this.client.realtime.close()));
      this.model.closed();
    },
    answer: () => {
      const { fake } = this.client;
      if (this.#open) this.#open.answer();
      else if (this.#canComeBack) fake.reopen('kept');
      else return;
      this.model.opened();
    },
    refuse: () => {
      if (!this.#open) return;
      this.#open.reject(failure('connection_failed'));
      this.#dropped();
    },
    drop: () => {
      if (!this.#isOpen) return;
      this.client.fake.drop();
      this.#dropped();
    },
    'drop for ever': () => {
      if (!this.#isOpen && !this.#open) return;
      this.client.fake.drop({ error: failure('auth_denied'), retry: 'never' });
      this.#gone.add(this.client.fake.session);
      this.model.refused();
    },
    'hint online': () => this.client.hint('online'),
    'hint visible': () => this.client.hint('visible'),
    'hint offline': () => this.client.hint('offline'),
    attach: () => {
      this.#isAttached = true;
      this.#fates.push(fate(this.#room.attach()));
      this.model.used(this.client.clock.now());
    },
    detach: () => {
      this.#isAttached = false;
      this.#fates.push(fate(this.#room.detach()));
    },
    listen: () => {
      this.#offs.push(this.#room.on('e', () => {}));
      this.model.used(this.client.clock.now());
    },
    'stop listening': () => this.#offs.pop()?.(),
    'refuse the channel': () => (this.#refusesChannel = true),
    evict: () => {
      if (this.#isOpen && this.client.fake.session.attached.has('room'))
        this.client.fake.link.detached('room', { error: failure('server_error'), retry: 'now' });
    },
  };

  /** A vendor's session that was open and may be again. */
  get #canComeBack(): boolean {
    const { fake } = this.client;
    const isAway = ['connecting', 'reconnecting', 'suspended'].includes(this.model.state);
    return (
      this.model.isVendor &&
      isAway &&
      !this.#isGone(fake.session) &&
      fake.all('open').at(-1)!.settled
    );
  }

  get #room() {
    return this.client.realtime.channel('room');
  }

  #dropped(): void {
    if (!this.model.isVendor) this.#gone.add(this.client.fake.session);
    this.model.dropped(this.client.clock.now());
  }

  async do(act: Act): Promise<void> {
    const { clock } = this.client;
    if (act.startsWith('wait')) await this.#wait(Number(act.split(' ')[1]) * 1_000);
    else this.#acts[act as Exclude<Act, `wait ${string}`>]();
    await clock.settle();
    if (this.#isUsed) this.#usedAtMs = clock.now();
  }

  async #wait(ms: number): Promise<void> {
    const { clock } = this.client;
    await clock.advance(ms);
    this.model.timePassed(clock.now());
  }

  get #isUsed(): boolean {
    return this.#isAttached || this.#offs.length > 0;
  }

  // --- what must be ---

  check(): void {
    const { realtime, fake, clock } = this.client;
    const state = realtime.connection.state.get();
    expect(state).toBe(this.model.state);
    const living = fake.sessions.filter((session) => !this.#isGone(session));
    expect(living.length, 'sessions that live').toBeLessThanOrEqual(1);
    const isOver = state === 'idle' || state === 'closed' || state === 'failed';
    // A channel lingers, also where nothing will come.
    const mayLinger = state === 'failed' && clock.now() - this.#usedAtMs < lingerMs;
    if (isOver && !mayLinger) expect(clock.pending, `timers in ${state}`).toBe(0);
    if (isOver) expect(living).toEqual([]);
    if (!isOver && !this.#isOpen)
      expect(living.length + clock.pending, 'somebody tries').toBeGreaterThan(0);
    this.#checkChannel(this.#room.state.get());
  }

  #checkChannel(state: ChannelState): void {
    const { clock, fake } = this.client;
    const may: Readonly<Record<ConnectionState, readonly ChannelState[]>> = {
      idle: ['idle'],
      connecting: ['idle', 'attaching', 'detached', 'failed'],
      reconnecting: ['idle', 'attaching', 'detached', 'failed'],
      suspended: ['idle', 'suspended', 'detached', 'failed'],
      connected: ['idle', 'attaching', 'attached', 'suspended', 'detached'],
      closed: ['idle', 'detached'],
      failed: ['idle', 'failed', 'detached'],
    };
    // Nobody asks anew for a channel that failed and is not used.
    if (this.#isUsed || state !== 'failed') expect(may[this.model.state]).toContain(state);
    if (clock.now() - this.#usedAtMs >= lingerMs) expect(state).not.toBe('attached');
    if (state === 'attached') expect(fake.session.attached.has('room')).toBe(true);
    if (this.#isOpen && this.#isUsed && !this.#refusesChannel)
      expect(['attached', 'suspended'], 'used').toContain(state);
  }

  /** Everything ends when the client does, and a client that is left alone comes back. */
  async end(): Promise<void> {
    const { realtime, fake, clock } = this.client;
    this.#refusesChannel = false;
    if (!['idle', 'closed', 'failed'].includes(this.model.state)) {
      if (this.#canComeBack) fake.reopen('kept');
      fake.release('open');
      await clock.advance(60_000);
      expect(realtime.connection.state.get()).toBe('connected');
      if (this.#isUsed) expect(this.#room.state.get()).toBe('attached');
      else expect(['idle', 'detached', 'failed']).toContain(this.#room.state.get());
    }
    await realtime.close();
    await clock.settle();
    expect(this.#fates.map(({ outcome }) => outcome)).not.toContain('pending');
    expect(clock.pending).toBe(0);
    expect(this.client.watchers).toBe(0);
    expect(fake.sessions.filter((session) => !this.#isGone(session))).toEqual([]);
  }
}

const property = (spoil: Spoil = () => {}): fc.IRawProperty<[Act[], boolean]> =>
  fc.asyncProperty(
    fc.array(fc.constantFrom(...acts), { maxLength: 40 }),
    fc.boolean(),
    async (script, isVendor) => {
      const play = new Play(isVendor, spoil);
      for (const act of script) {
        await play.do(act);
        play.check();
      }
      await play.end();
    },
  );

it(
  'the states follow what happens, every promise settles, and at most 1 session lives',
  () => holds(property()),
  limitMs,
);

// --- seeded bugs ---

it('finds an adapter whose connections open by themselves', () =>
  finds(property(({ fake }) => fake.release('open'))));

it('finds a timer that nobody cancels', () =>
  finds(
    property(({ realtime, clock }) =>
      realtime.connection.state.subscribe((state) => {
        if (state === 'closed') clock.schedule(() => {}, 1_000);
      }),
    ),
  ));
