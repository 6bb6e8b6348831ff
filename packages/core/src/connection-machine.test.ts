import { describe, expect, it } from 'vitest';
import type { ConnectionState } from './api.ts';
import { connectionTransitions, type ConnectionEvent } from './connection-machine.ts';
import { nextState } from './transitions.ts';

type Row = readonly [ConnectionState, ...(ConnectionState | undefined)[]];

const events: ConnectionEvent[] = ['connect', 'opened', 'dropped', 'exhausted', 'refused', 'close'];

/** The whole table: a state, and what follows it by each event in the order above. */
// prettier-ignore
const rows: Row[] = [
  ['idle',         'connecting', undefined,   undefined,      undefined,   undefined, 'closed'],
  ['connecting',   undefined,    'connected', 'reconnecting', 'suspended', 'failed',  'closed'],
  ['connected',    undefined,    'connected', 'reconnecting', undefined,   'failed',  'closed'],
  ['reconnecting', undefined,    'connected', 'reconnecting', 'suspended', 'failed',  'closed'],
  ['suspended',    'connecting', 'connected', undefined,      undefined,   'failed',  'closed'],
  ['closed',       'connecting', undefined,   undefined,      undefined,   undefined, undefined],
  ['failed',       'connecting', undefined,   undefined,      undefined,   undefined, 'closed'],
];

describe('connection machine', () => {
  for (const [from, ...to] of rows)
    it.each(events.map((event, index) => [event, to[index]] as const))(
      `${from} + %s → %s`,
      (event, next) => expect(nextState(connectionTransitions, from, event)).toBe(next),
    );
});
