/**
 * One client of a memory hub in virtual time, and a record of what it heard. For the fault matrix.
 *
 * @see matrix.test.ts · matrix-faults.ts for what befalls it
 */
import {
  createRealtime,
  RealtimeError,
  type Adapter,
  type Clock,
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
