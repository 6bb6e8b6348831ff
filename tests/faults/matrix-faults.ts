/**
 * Everything that can befall a client, each as a script around one operation. For the fault matrix.
 *
 * @see matrix.test.ts · matrix-scene.ts
 */
import { RealtimeError, type ErrorCode } from '@anywire/core';
import type { Scene } from './matrix-scene.ts';

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
