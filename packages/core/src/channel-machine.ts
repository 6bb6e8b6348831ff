/**
 * Channel states: the only place that decides which one comes next.
 *
 * Pure: `attachment.ts` feeds it events and performs the side effects.
 *
 * @see docs/architecture.md#channel · channel-machine.test.ts
 */
import type { ChannelState } from './api.ts';
import type { Transitions } from './transitions.ts';

/**
 * `interrupted`: the connection broke and is coming back · `refused`: this try failed and another follows ·
 * `exhausted`: the connection is suspended · `denied`: never.
 */
export type ChannelEvent =
  'attach' | 'attached' | 'interrupted' | 'refused' | 'exhausted' | 'denied' | 'detach';

/** Each event leads to one state, from the states that are listed. */
// prettier-ignore
export const channelTransitions: Transitions<ChannelState, ChannelEvent> = {
  attach:      ['attaching', 'idle', 'detached', 'suspended', 'failed'],
  attached:    ['attached', 'attaching', 'attached', 'suspended'],
  interrupted: ['attaching', 'attaching', 'attached', 'suspended'],
  refused:     ['suspended', 'attaching', 'attached'],
  exhausted:   ['suspended', 'attaching', 'attached', 'suspended'],
  denied:      ['failed', 'idle', 'attaching', 'attached', 'suspended', 'detached'],
  detach:      ['detached', 'attaching', 'attached', 'suspended', 'failed'],
};
