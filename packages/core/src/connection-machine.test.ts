import { describe, expect, it } from 'vitest';
import type { ConnectionState } from './api.ts';
import {
  connectionTransitions,
  nextConnectionState,
  type ConnectionEvent,
} from './connection-machine.ts';

const states = Object.keys(connectionTransitions) as ConnectionState[];
const events: ConnectionEvent[] = [
  'connect',
  'opened',
  'dropped',
  'exhausted',
  'refused',
  'close',
];

describe('connection machine', () => {
  it.each<[ConnectionState, ConnectionEvent, ConnectionState | undefined]>([
    ['idle', 'connect', 'connecting'],
    ['idle', 'dropped', undefined], // nothing was opened
    ['connecting', 'opened', 'connected'],
    ['connecting', 'dropped', 'reconnecting'],
    ['connecting', 'exhausted', 'suspended'],
    ['connected', 'connect', undefined],
    ['connected', 'opened', 'connected'], // a vendor's SDK is back, and never said that it was gone
    ['connected', 'dropped', 'reconnecting'],
    ['connected', 'exhausted', undefined],
    ['reconnecting', 'dropped', 'reconnecting'],
    ['reconnecting', 'exhausted', 'suspended'],
    ['suspended', 'dropped', 'suspended'],
    ['suspended', 'connect', 'connecting'],
    ['suspended', 'opened', 'connected'],
    ['closed', 'connect', 'connecting'],
    ['closed', 'opened', undefined],
    ['closed', 'close', undefined],
    ['failed', 'connect', 'connecting'],
    ['failed', 'opened', undefined],
    ['failed', 'close', 'closed'],
  ])('%s + %s → %s', (from, event, to) => expect(nextConnectionState(from, event)).toBe(to));

  it('leads from each of the 7 states but `closed` to `closed` with one event', () => {
    const open = states.filter((state) => state !== 'closed');
    expect(states).toHaveLength(7);
    expect(open.map((state) => nextConnectionState(state, 'close'))).toEqual(
      open.map(() => 'closed'),
    );
  });

  it('reaches `connected` only by `opened`, and `failed` only by `refused`', () => {
    for (const from of states)
      for (const event of events) {
        const to = nextConnectionState(from, event);
        if (to === 'connected') expect(event).toBe('opened');
        if (to === 'failed') expect(event).toBe('refused');
      }
  });
});
