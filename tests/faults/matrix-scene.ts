/**
 * One client of a memory hub in virtual time, everything that can befall it, and a record of what it heard. For the
 * fault matrix.
 *
 * @see matrix.test.ts
 */
import {
  createRealtime,
  RealtimeError,
  type Adapter,
  type Clock,
  type ErrorCode,
  type Gap,
  type Realtime,
  type RealtimeOptions,
  type Session,
} from '@anywire/core';
import { createMemoryHub, memory, type MemoryHub } from '@anywire/core/memory';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { vendorLoop } from './vendor-loop.ts';

/** Who reconnects. */
export type Mode = 'core' | 'adapter';

export class Scene {
  readonly clock: VirtualClock = virtualClock();
  readonly hub: MemoryHub;
  readonly realtime: Realtime;
  readonly abort: AbortController = new AbortController();
  readonly gaps: Gap[] = [];
  readonly errors: RealtimeError[] = [];
  /** Data of each message that `room` delivered, in order. */
  readonly heard: unknown[] = [];
  /** What a second party said in `room`: 1, 2, 3 … */
  said = 0;
  /** What the adapter's session does with every call. */
  calls: 'work' | 'hang' | 'throw' = 'work';
  isForbidden = false;
  /** Tokens of an older generation have expired. */
  generation = 0;
  /** How far the wall clock has jumped. */
  skewMs = 0;
  /** Who watches the environment. */
  readonly watchers: Set<unknown> = new Set();

  constructor(mode: Mode, order: 'serial' | 'overtaking') {
    const { clock } = this;
    this.hub = createMemoryHub({
      clock,
      order,
      authorize: ({ channel }) => !(this.isForbidden && channel === 'room'),
      authenticate: (token) => {
        if (Number(token) < this.generation) throw new RealtimeError('token_expired', 'expired');
        return { clientId: 'ann' };
      },
    });
    const adapter = memory({ hub: this.hub });
    const skewed: Clock = {
      now: () => clock.now() + this.skewMs,
      schedule: (fn, delayMs) => clock.schedule(fn, delayMs),
    };
    this.realtime = createRealtime({
      adapter: this.#unreliable(mode === 'core' ? adapter : vendorLoop(adapter)),
      clock: skewed,
      random: () => 0.5,
      auth: () => String(this.generation),
      log: () => {},
      environment: {
        watch: (fn) => {
          this.watchers.add(fn);
          return () => void this.watchers.delete(fn);
        },
      },
    } satisfies RealtimeOptions);
    this.realtime.onError((error) => this.errors.push(error));
  }

  get room() {
    return this.realtime.channel('room');
  }

  /** Connected, attached, entered, with 2 messages behind it in `room` and 3 in `hall`. */
  async begin(): Promise<void> {
    const { room, hub, clock } = this;
    room.onGap((gap) => this.gaps.push(gap));
    room.onError((error) => this.errors.push(error));
    room.onAny(({ data }) => this.heard.push(data));
    await room.attach();
    await room.presence.enter('here');
    for (const n of [1, 2, 3]) hub.publish('hall', 'e', n);
    this.say(2);
    await clock.settle();
  }

  say(count: number): void {
    for (let left = count; left > 0; left -= 1) this.hub.publish('room', 'e', (this.said += 1));
  }

  heal(): void {
    this.calls = 'work';
    this.isForbidden = false;
    this.hub.start();
    this.hub.releaseAcks();
  }

  /** `adapter`, whose sessions hang or throw while `calls` says so. */
  #unreliable(adapter: Adapter): Adapter {
    const unreliable = <Part extends object>(part: Part): Part =>
      new Proxy(part, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (name === 'presence' || name === 'history') return unreliable(member as object);
          if (typeof member !== 'function' || name === 'close' || name === 'retryNow')
            return member;
          return (...args: unknown[]): unknown => {
            if (this.calls === 'hang') return new Promise(() => {});
            if (this.calls === 'throw') throw new TypeError('thrown by the adapter');
            return Reflect.apply(member, target, args);
          };
        },
      });
    return { ...adapter, open: (link, resume): Session => unreliable(adapter.open(link, resume)) };
  }
}

/** A fault: when the operation is asked, and what happens around it. It ends with `Scene.heal`. */
export interface Fault {
  /** Brings it about, and calls `ask` once, at the moment that matters. */
  run(scene: Scene, ask: () => void): Promise<void> | void;
  /** How operations may end, apart from well. @default [] */
  readonly ends?: readonly ErrorCode[];
  /** Serials that arrive in another order are no fault of a hub that promises serial order. */
  readonly order?: 'overtaking';
  /** Messages may be missing, and the app is told of that by an error instead of a gap. */
  readonly isTold?: (scene: Scene) => boolean;
}

const failed = (scene: Scene): boolean => scene.errors.length > 0;

export const faults: Readonly<Record<string, Fault>> = {
  none: { run: (_, ask) => ask() },
  'drop before': {
    run({ hub }, ask) {
      hub.drop();
      ask();
    },
  },
  'drop between': {
    async run({ hub, clock }, ask) {
      hub.drop();
      await clock.settle();
      ask();
    },
  },
  'drop after': {
    run({ hub }, ask) {
      ask();
      hub.drop();
    },
  },
  'half-open': {
    ends: ['timeout', 'outcome_unknown'],
    async run({ hub, clock }, ask) {
      hub.mute();
      ask();
      await clock.advance(50_000);
    },
  },
  'delayed ack': {
    async run({ hub, clock }, ask) {
      hub.holdAcks();
      ask();
      await clock.advance(5_000);
    },
  },
  'lost ack': {
    async run({ hub, clock }, ask) {
      hub.holdAcks();
      ask();
      await clock.settle();
      hub.drop();
    },
  },
  duplicate: {
    run({ hub }, ask) {
      hub.duplicate(20);
      ask();
    },
  },
  reorder: {
    order: 'overtaking',
    run(scene, ask) {
      scene.hub.reorder(3);
      ask();
      scene.say(3);
    },
  },
  'refused on rejoin': {
    async run({ hub, clock }, ask) {
      hub.refuseAuth();
      hub.drop();
      await clock.settle();
      ask();
      await clock.advance(5_000);
    },
  },
  'token expired': {
    run(scene, ask) {
      scene.generation += 1;
      ask();
      const error = new RealtimeError('token_expired', 'expired');
      scene.hub.drop(undefined, { error, retry: 'fresh-token' });
    },
  },
  'denied for ever': {
    ends: ['auth_denied'],
    isTold: failed,
    async run({ hub, clock }, ask) {
      hub.refuseAuth('auth_denied');
      hub.drop();
      ask();
      await clock.advance(5_000);
    },
  },
  'server restarted empty': {
    run({ hub }, ask) {
      ask();
      hub.forget();
    },
  },
  'channel forbidden': {
    ends: ['forbidden'],
    isTold: failed,
    run(scene, ask) {
      scene.isForbidden = true;
      const error = new RealtimeError('forbidden', 'out');
      scene.hub.evict('room', { error, retry: 'never' });
      ask();
    },
  },
  'channel evicted': {
    run({ hub }, ask) {
      hub.evict('room', { error: new RealtimeError('server_error', 'out'), retry: 'backoff' });
      ask();
    },
  },
  'laptop asleep': {
    ends: ['timeout', 'expired'],
    async run(scene, ask) {
      ask();
      scene.hub.mute();
      scene.skewMs += 3_600_000; // timers stood still meanwhile
      await scene.clock.advance(50_000);
    },
  },
  'calls hang': {
    ends: ['timeout', 'outcome_unknown'],
    async run(scene, ask) {
      scene.calls = 'hang';
      ask();
      await scene.clock.advance(15_000);
    },
  },
  'calls throw': {
    ends: ['server_error'],
    async run(scene, ask) {
      scene.calls = 'throw';
      ask();
      await scene.clock.advance(5_000);
    },
  },
  'listeners throw': {
    run({ room, realtime, hub }, ask) {
      const fail = (): void => {
        throw new Error('thrown by a listener');
      };
      room.on('e', fail);
      room.onGap(fail);
      room.presence.on('enter', fail);
      ask();
      realtime.connection.state.subscribe((state) => state === 'reconnecting' && fail());
      hub.drop();
    },
  },
  'offline for 3 minutes': {
    ends: ['suspended', 'timeout', 'expired'],
    async run({ hub, clock }, ask) {
      hub.stop();
      await clock.settle();
      ask();
      await clock.advance(180_000);
    },
  },
  'close in the middle': {
    ends: ['closed'],
    isTold: ({ realtime }) => realtime.connection.state.get() === 'closed',
    run({ realtime }, ask) {
      ask();
      void realtime.close();
    },
  },
  'abort in the middle': {
    ends: ['aborted'],
    run({ abort }, ask) {
      ask();
      abort.abort();
    },
  },
};
