import { describe, expect, it } from 'vitest';
import { defineDialect, type DialectSpec } from './dialect.ts';

const receive = (): undefined => undefined;
const say = (): [] => [];
const good = { name: 'x', on: 'ws', receive } as const;

const define = (spec: object): unknown => defineDialect(spec as DialectSpec);

describe('defineDialect() says what to write', () => {
  it.each([
    ['write name, for errors to show', { on: 'ws', receive }],
    ["write on: 'ws', 'sse' or 'socketio'", { name: 'x', receive }],
    ["on is 'ws' or 'sse' or 'socketio'", { ...good, on: 'socket.io' }],
    ['write receive: (frame) => ({ channel, event, data })', { name: 'x', on: 'ws' }],
    ["has 'recieve', which is unknown: did you mean 'receive'?", { ...good, recieve: receive }],
    [
      "'presence.enters', which is unknown: did you mean 'presence.enter'?",
      { ...good, presence: { enters: say } },
    ],
    ["has 'zzz', which is unknown", { ...good, zzz: 1 }],
    ['join is a function', { ...good, join: 'join_room' }],
    [
      "ack.by is 'reply' or 'frame' or 'echo'",
      { ...good, publish: say, echo: true, ack: { level: 'accepted', by: 'hope' } },
    ],
    ['write echo: true (io.to(room).emit) or echo: false', { ...good, publish: say }],
    ['write publish, or leave out ack', { ...good, ack: { level: 'accepted', by: 'frame' } }],
    [
      "write ack: { level: 'accepted', by: 'reply' }",
      { ...good, on: 'socketio', publish: say, echo: true, ack: {} },
    ],
    [
      "write echo: true, or ack: { by: 'reply' }",
      { ...good, publish: say, echo: false, ack: { level: 'accepted', by: 'echo' } },
    ],
    [
      "write history, or level: 'accepted'",
      { ...good, publish: say, echo: true, ack: { level: 'stored', by: 'frame' } },
    ],
    ["which a WebSocket has not: write 'frame'", { ...good, join: say, joined: 'reply' }],
    ['write publish, or leave out own', { ...good, own: () => true }],
    ['write join, or leave out leave', { ...good, leave: say }],
    ['write join, or leave out joined', { ...good, on: 'sse', joined: 'reply' }],
    ["write joined: 'frame', and let receive answer { joined", { ...good, join: say, backlog: 50 }],
    ["write connect, or ready: 'frame'", { ...good, on: 'sse', ready: 'reply' }],
    [
      "write ack: { level: 'accepted', by: 'reply' }, or joined: 'reply'",
      { ...good, on: 'sse', answer: receive },
    ],
    ['leave one of them out', { ...good, oneChannel: true, defaultChannel: 'lobby' }],
    ['write presence.leave', { ...good, presence: { enter: say } }],
    ['write presence.enter, or leave out presence.update', { ...good, presence: { update: say } }],
    ['leave out encode and decode', { ...good, on: 'sse', encode: () => '' }],
  ])('%s', (text, spec) => {
    expect(() => define(spec)).toThrow(text);
    expect(() => define(spec)).toThrow('[anywire:invalid]');
  });

  it('takes an object alone', () => {
    expect(() => define(undefined as unknown as object)).toThrow('defineDialect takes an object');
  });

  it('takes a dialect of 3 members, and declares nothing that it has no function for', () => {
    expect(defineDialect(good).capabilities).toMatchObject({
      ...{ ack: 'none', attach: 'assumed', rewind: 'none', echo: 'none', binary: 'none' },
      history: { support: 'none' },
      presence: { support: 'none', update: 'none', occupancy: 'none' },
      resume: { support: 'none' },
      idempotencyWindowMs: 0,
    });
  });

  it('declares what it has functions for', () => {
    const { capabilities } = defineDialect({
      ...{ name: 'x', on: 'socketio', receive, join: say, joined: 'reply', backlog: 50 },
      ...{ publish: say, echo: true, ack: { level: 'stored', by: 'reply' } },
      history: async () => [],
      presence: { enter: say, leave: say, update: say, perInstance: true },
    });
    expect(capabilities).toMatchObject({
      ...{ ack: 'stored', attach: 'confirmed', rewind: 'emulated', echo: 'native' },
      history: { support: 'emulated', limit: 100 },
      publish: { needsAttach: true },
      presence: { support: 'native', watchOnly: true, update: 'native', perInstance: true },
    });
  });
});
