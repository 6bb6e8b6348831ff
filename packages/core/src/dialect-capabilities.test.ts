import { describe, expect, it } from 'vitest';
import { defineDialect, type DialectPresence, type DialectSpec } from './dialect.ts';

const say = (): [] => [];
const base: DialectSpec<'socketio'> = { name: 'x', on: 'socketio', receive: () => undefined };
const sending = { publish: say, echo: false } as const;
const presence: DialectPresence<'socketio'> = {};
const history = async (): Promise<[]> => [];

describe('what a dialect declares', () => {
  it.each<[string, Partial<DialectSpec<'socketio'>>, object]>([
    ['no publish: nothing is sent', {}, { ack: 'none', echo: 'none' }],
    ['publish alone: written', sending, { ack: 'written', echo: 'none' }],
    ['echo', { ...sending, echo: true }, { echo: 'native' }],
    ['ack', { ...sending, ack: { level: 'accepted', by: 'reply' } }, { ack: 'accepted' }],
    [
      'ack of what is stored',
      { ...sending, history, ack: { level: 'stored', by: 'frame' } },
      { ack: 'stored' },
    ],
    ['no join', {}, { attach: 'assumed', publish: { needsAttach: false } }],
    ['join', { join: say }, { attach: 'assumed', publish: { needsAttach: true } }],
    ['joined', { join: say, joined: 'frame' }, { attach: 'confirmed' }],
    ['needsJoin: false', { join: say, needsJoin: false }, { publish: { needsAttach: false } }],
    ['no history', {}, { history: { support: 'none', limit: 0, retentionMs: 0 } }],
    ['history', { history }, { history: { support: 'emulated', limit: 100, after: false } }],
    ['backlog', { join: say, joined: 'frame', backlog: 50 }, { rewind: 'emulated' }],
    ['backlog: 0', { backlog: 0 }, { rewind: 'none' }],
    ['no presence', {}, { presence: { support: 'none', occupancy: 'none', maxMembers: 0 } }],
    [
      'presence by joining',
      { presence },
      {
        presence: {
          ...{ support: 'native', watchOnly: false, update: 'none', perInstance: false },
          ...{ graceMs: 0, occupancy: 'emulated', maxMembers: 1_000 },
        },
      },
    ],
    [
      'presence with enter and update',
      { presence: { enter: say, leave: say, update: say, perInstance: true, graceMs: 9 } },
      { presence: { watchOnly: true, update: 'native', perInstance: true, graceMs: 9 } },
    ],
    ['maxMembers', { presence: { maxMembers: 20 } }, { presence: { maxMembers: 20 } }],
    ['order', { order: 'none' }, { order: 'none' }],
    ['no order', {}, { order: 'sender' }],
    ['maxPayloadBytes', { maxPayloadBytes: 100 }, { maxPayloadBytes: 100 }],
    ['no maxPayloadBytes', {}, { maxPayloadBytes: 65_536, limits: {}, idempotencyWindowMs: 0 }],
    ['idempotencyWindowMs', { idempotencyWindowMs: 60_000 }, { idempotencyWindowMs: 60_000 }],
  ])('%s', (_, part, declared) => {
    expect(defineDialect({ ...base, ...part }).capabilities).toMatchObject(declared);
  });

  it('never that a server resumes, or takes bytes', () => {
    expect(defineDialect(base).capabilities).toMatchObject({
      ...{ reconnect: 'core', resume: { support: 'none', windowMs: 0 }, binary: 'none' },
    });
  });

  it('for each channel, where needsJoin is a function', () => {
    const spec = { ...base, join: say, needsJoin: (channel: string) => channel !== 'open' };
    const { capabilitiesFor } = defineDialect(spec).adapter('socketio', () => {
      throw new Error('nothing is opened for that');
    });
    const needs = (name: string): unknown =>
      capabilitiesFor?.({ name } as Parameters<typeof capabilitiesFor>[0]).publish.needsAttach;
    expect([needs('open'), needs('room')]).toEqual([false, true]);
  });
});
