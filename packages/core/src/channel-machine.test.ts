import { describe, expect, it } from 'vitest';
import type { ChannelState } from './api.ts';
import { channelTransitions, nextChannelState, type ChannelEvent } from './channel-machine.ts';

const states = Object.keys(channelTransitions) as ChannelState[];
const events: ChannelEvent[] = [
  'attach',
  'attached',
  'interrupted',
  'refused',
  'exhausted',
  'denied',
  'detach',
];

describe('channel machine', () => {
  it.each<[ChannelState, ChannelEvent, ChannelState | undefined]>([
    ['idle', 'attach', 'attaching'],
    ['idle', 'attached', undefined],
    ['idle', 'interrupted', undefined],
    ['attaching', 'attached', 'attached'],
    ['attaching', 'interrupted', 'attaching'],
    ['attaching', 'refused', 'suspended'],
    ['attaching', 'exhausted', 'suspended'],
    ['attaching', 'denied', 'failed'],
    ['attached', 'attached', 'attached'], // a vendor's own re-attach
    ['attached', 'interrupted', 'attaching'],
    ['attached', 'refused', 'suspended'],
    ['attached', 'detach', 'detached'],
    ['suspended', 'attach', 'attaching'],
    ['suspended', 'interrupted', 'attaching'],
    ['detached', 'attach', 'attaching'],
    ['detached', 'attached', undefined], // an answer that crossed our detach
    ['failed', 'attach', 'attaching'],
    ['failed', 'attached', undefined],
    ['failed', 'interrupted', undefined],
  ])('%s + %s → %s', (from, event, to) => expect(nextChannelState(from, event)).toBe(to));

  it('reaches `attached` only by `attached`, which the backend reports', () => {
    expect(states).toHaveLength(6);
    for (const from of states)
      for (const event of events)
        if (nextChannelState(from, event) === 'attached') expect(event).toBe('attached');
  });

  it('leads from each state that is in use to `failed` when it is denied', () => {
    for (const from of states.filter((state) => state !== 'failed'))
      expect(nextChannelState(from, 'denied')).toBe('failed');
  });
});
