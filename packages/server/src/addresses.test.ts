import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { createAddresses } from './addresses.ts';
import { createMeter } from './meter.ts';
import { defaultLimits } from './options.ts';

function setUp(limits: Partial<typeof defaultLimits>) {
  const clock = virtualClock();
  const meter = createMeter();
  const lines: unknown[] = [];
  const log = (_: string, __: string, details?: object): unknown => lines.push(details);
  const addresses = createAddresses({ ...defaultLimits, ...limits }, clock, meter, log);
  return { ...{ clock, meter, lines, addresses }, ...addresses };
}

describe('addresses', () => {
  it('have 3 attempts at once and 1 more each 500 ms', async () => {
    const { attempt, clock, meter } = setUp({ addressRate: 2, addressBurst: 3 });
    for (let n = 0; n < 3; n++) expect(attempt('1.2.3.4')).toBeUndefined();
    expect(attempt('1.2.3.4')).toEqual({ limit: 'addressRate', retryAfterMs: 500 });
    expect(attempt('1.2.3.5')).toBeUndefined();
    await clock.advance(500);
    expect(attempt('1.2.3.4')).toBeUndefined();
    expect(attempt('1.2.3.4')).toBeDefined();
    expect(meter.limited.get('addressRate')).toBe(2);
  });

  it('have 2 connections, of a whole IPv6 /64', () => {
    const { attempt, enter, leave, meter } = setUp({ addressConnections: 2 });
    const first = enter('2001:db8::1');
    expect(attempt('2001:db8::2')).toBeUndefined();
    enter('2001:db8::2');
    expect(attempt('2001:db8::3')).toEqual({ limit: 'addressConnections', retryAfterMs: 10_000 });
    expect(attempt('2001:db8:0:1::3')).toBeUndefined();
    leave(first);
    expect(attempt('2001:db8::3')).toBeUndefined();
    expect(meter.limited.get('addressConnections')).toBe(1);
  });

  it('see a connection that nobody had asked for', () => {
    const { enter, isOver } = setUp({ addressConnections: 1 });
    expect(isOver(enter('1.2.3.4'))).toBe(false);
    expect(isOver(enter('1.2.3.4'))).toBe(true);
    expect(isOver(enter(undefined))).toBe(false);
  });

  it('are forgotten when their bucket is full and their connections are gone, and wait on one timer', async () => {
    const { addresses, ...rest } = setUp({ addressRate: 2, addressBurst: 4 });
    const { attempt, enter, leave, clock } = rest;
    for (let n = 0; n < 200; n++) {
      attempt(`10.0.0.${n}`);
      const tally = enter(`10.0.0.${n}`);
      if (n % 2) leave(tally);
      if (n % 4 === 0) leave(tally);
    }
    await clock.advance(2_000);
    expect(addresses.size).toBe(50);
  });

  it('are told of once in 10 s each, however often they are refused', async () => {
    const { attempt, clock, lines } = setUp({ addressRate: 0.001, addressBurst: 1 });
    for (let n = 0; n < 1_000; n++) attempt('1.2.3.4');
    expect(lines).toEqual([{ address: '1.2.3.4', limit: 'addressRate' }]);
    await clock.advance(10_001);
    attempt('1.2.3.4');
    expect(lines).toHaveLength(2);
  });

  it('without a name (a Unix socket) are not counted', () => {
    const { attempt, enter, addresses } = setUp({
      addressRate: 1,
      addressBurst: 1,
      addressConnections: 1,
    });
    for (let n = 0; n < 10; n++)
      expect([attempt(undefined), enter(undefined)]).toEqual([undefined, undefined]);
    expect(addresses.size).toBe(0);
  });
});
