import { describe, expect, it } from 'vitest';
import { testClient } from '../test/client.ts';
import { defineChannels, event } from './channels.ts';
import { explain } from './explain.ts';
import { createMemoryHub, memory } from './memory.ts';
import { createRealtime } from './realtime.ts';

/** The poorest that can be. */
const poor = {
  ack: 'written',
  order: 'none',
  attach: 'assumed',
  resume: { support: 'none', windowMs: 0 },
  idempotencyWindowMs: 0,
  publish: { maxBatch: 1, inFlight: 1, needsAttach: true },
  history: { support: 'none' },
  rewind: 'none',
  presence: { watchOnly: false, update: 'none', perInstance: false, graceMs: 0, maxMembers: 100 },
  echo: 'none',
  maxPayloadBytes: 10_240,
  limits: { publish: [{ max: 10, perMs: 1_000, scope: 'connection' }] },
} as const;

/** A line of the table, its spaces made one. */
const line = (explained: unknown, feature: string): string | undefined =>
  String(explained)
    .split('\n')
    .find((text) => text.startsWith(`${feature} `))
    ?.replaceAll(/ +/g, ' ');

describe('explain', () => {
  it('says in 22 lines what the memory hub does by itself', async () => {
    const realtime = createRealtime({ adapter: memory({ hub: createMemoryHub() }) });
    await realtime.connection.connect();
    const explained = explain(realtime);
    expect(String(explained).split('\n')).toHaveLength(22);
    expect(String(explained)).toContain('memory, connected\npublish             core');
    expect(line(explained, 'receipt')).toBe(
      "receipt backend proves up to 'stored'; a higher demand is unsupported",
    );
    expect(line(explained, 'presence grace')).toBe('presence grace backend for 15 s');
    const others = explained.rows.filter(({ by }) => by !== 'backend');
    expect(others.map(({ feature, by }) => `${feature}: ${by}`)).toEqual([
      'publish: core',
      'reconnect: core',
      'payload: payload_too_large',
    ]);
    await realtime.close();
  });

  it('says of a poor backend what core does in its place, and what is refused with which code', () => {
    const { realtime } = testClient({ fake: { capabilities: poor, reconnect: 'adapter' } });
    const explained = explain(realtime.channel('room'));
    expect(String(explained).split('\n')[0]).toBe("fake, idle: 'room', idle");
    const lines = ['resend', 'resume', 'history', 'presence grace', 'occupancy', 'publish rate'];
    expect(lines.map((feature) => line(explained, feature))).toEqual([
      'resend refused: outcome_unknown of a publish that was written when the connection broke',
      'resume core each interruption is told by onGap',
      'history refused: unsupported nothing is kept',
      'presence grace core for 15 s; a leave without a reason comes that much later',
      'occupancy core counts the members that it watches, once entered: every change is received',
      'publish rate core 10 in 1000 ms for each connection; more waits in the outbox, volatile is dropped',
    ]);
  });

  it('says what the service took away since, and gives JSON without the text', async () => {
    const hub = createMemoryHub({ limits: { history: { support: 'none' } } });
    const realtime = createRealtime({ adapter: memory({ hub }) });
    expect(explain(realtime).rows.some(({ declared }) => declared)).toBe(false);
    await realtime.connection.connect();
    const told = explain(realtime.channel('room'));
    const narrowed = told.rows.filter(({ declared }) => declared);
    expect(narrowed).toEqual([
      {
        feature: 'history',
        by: 'unsupported',
        what: 'nothing is kept',
        declared: 'backend: pages of 1000, kept for 86400 s',
      },
    ]);
    expect(line(told, 'history')).toMatch(/nothing is kept \(declared backend: pages of 1000/);
    expect(Object.keys(JSON.parse(JSON.stringify(told)) as object)).toEqual([
      'adapter',
      'connection',
      'channel',
      'state',
      'rows',
    ]);
    await realtime.close();
  });

  it('takes a channel whose events are typed', () => {
    const channels = defineChannels({ room: { events: { e: event<number>() } } });
    const realtime = createRealtime({ channels, adapter: memory({ hub: createMemoryHub() }) });
    expect(line(explain(realtime.channel('room')), 'history')).toContain('refused: unsupported');
    expect(explain(realtime).adapter).toBe('memory');
  });
});
