/**
 * Connection states: the only place that decides which one comes next.
 *
 * Pure: `connection.ts` feeds it events and performs the side effects.
 *
 * @see docs/architecture.md#connection · connection-machine.test.ts
 */
import type { ConnectionState } from './api.ts';
import type { Transitions } from './transitions.ts';

/**
 * `dropped`: an attempt or a connection ended, and another try follows · `exhausted`: no success for
 * `suspendAfterMs` · `refused`: the app or the service said never.
 */
export type ConnectionEvent = 'connect' | 'opened' | 'dropped' | 'exhausted' | 'refused' | 'close';

/** Each event leads to one state, from the states that are listed. A drop does not end a suspension. */
// prettier-ignore
export const connectionTransitions: Transitions<ConnectionState, ConnectionEvent> = {
  connect:   ['connecting', 'idle', 'suspended', 'closed', 'failed'],
  opened:    ['connected', 'connecting', 'connected', 'reconnecting', 'suspended'],
  dropped:   ['reconnecting', 'connecting', 'connected', 'reconnecting'],
  exhausted: ['suspended', 'connecting', 'reconnecting'],
  refused:   ['failed', 'connecting', 'connected', 'reconnecting', 'suspended'],
  close:     ['closed', 'idle', 'connecting', 'connected', 'reconnecting', 'suspended', 'failed'],
};
