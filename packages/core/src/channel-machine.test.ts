import { describe, expect, it } from 'vitest';
import type { ChannelState } from './api.ts';
import { channelTransitions, type ChannelEvent } from './channel-machine.ts';
import { nextState } from './transitions.ts';

type Row = readonly [ChannelState, ...(ChannelState | undefined)[]];

const events: ChannelEvent[] = [
  'attach',
  'attached',
  'interrupted',
  'refused',
  'exhausted',
  'denied',
  'detach',
];

/** The whole table: a state, and what follows it by each event in the order above. */
// prettier-ignore
const rows: Row[] = [
  ['idle',      'attaching', undefined,  undefined,   undefined,   undefined,   'failed',  undefined],
  ['attaching', undefined,   'attached', 'attaching', 'suspended', 'suspended', 'failed',  'detached'],
  ['attached',  undefined,   'attached', 'attaching', 'suspended', 'suspended', 'failed',  'detached'],
  ['suspended', 'attaching', 'attached', 'attaching', undefined,   'suspended', 'failed',  'detached'],
  ['detached',  'attaching', undefined,  undefined,   undefined,   undefined,   'failed',  undefined],
  ['failed',    'attaching', undefined,  undefined,   undefined,   undefined,   undefined, 'detached'],
];

describe('channel machine', () => {
  for (const [from, ...to] of rows)
    it.each(events.map((event, index) => [event, to[index]] as const))(
      `${from} + %s → %s`,
      (event, next) => expect(nextState(channelTransitions, from, event)).toBe(next),
    );
});
