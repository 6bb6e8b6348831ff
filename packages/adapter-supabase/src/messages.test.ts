import type { Outbound } from '@anywire/core';
import { describe, expect, it } from 'vitest';
import { toInbound, toMember, toPayload, toShown } from './messages.ts';

const outbound = (more: Partial<Outbound>): Outbound => ({
  ...{ id: 'n:1', event: 'e', data: null, json: 'null', volatile: false },
  ...more,
});

describe('a message', () => {
  it.each([
    ['a text', 'hello', '"hello"'],
    ['nothing', null, 'null'],
    ['a list', [1, { a: 2 }], '[1,{"a":2}]'],
    ['what looks like ours', { aw: {}, d: 1 }, '{"aw":{},"d":1}'],
    ['bytes', Uint8Array.of(0, 255), undefined],
    ['no bytes', new Uint8Array(), undefined],
  ])('with %s comes back as it was', (_, data, json) => {
    const sent = toPayload(outbound({ data, json, sequence: 3, extras: { k: 1 } }), 'ann');
    expect(toInbound('e', sent, undefined)).toMatchObject({
      ...{ event: 'e', data, id: 'n:1', sequence: 3, extras: { k: 1 }, action: 'create' },
      sender: { clientId: 'ann', verified: false },
    });
  });

  it.each([
    ['nothing', undefined, null],
    ['an object', { a: 1 }, { a: 1 }],
    ['a text', 'aw', 'aw'],
    ['an envelope that is none', { aw: 1, d: 2 }, { aw: 1, d: 2 }],
    ['bytes of nobody we know', Uint8Array.of(9, 9, 9, 9, 9).buffer, Uint8Array.of(9, 9, 9, 9, 9)],
    ['too few bytes', Uint8Array.of(1).buffer, Uint8Array.of(1)],
  ])('of somebody else with %s passes as it is, without an id', (_, payload, data) => {
    const inbound = toInbound('e', payload, undefined);
    expect(inbound.data).toEqual(data);
    expect(inbound).not.toHaveProperty('id');
  });

  it('whose envelope has other types than ours has no more than its data', () => {
    const payload = { aw: { i: 1, c: {}, s: 'x' }, d: 1 };
    expect(toInbound('e', payload, undefined)).toEqual({
      ...{ event: 'e', data: 1, action: 'create', native: undefined },
      sender: { verified: false },
    });
  });
});

describe('a member', () => {
  it.each([{ n: 1 }, null, undefined, 'x'])('with %j comes back as it was', (data) => {
    const shown = { ...toShown('ann', 'tab', data), presence_ref: 'r' };
    expect(toMember('tab', shown)).toEqual({ clientId: 'ann', instanceId: 'tab', data });
  });

  it('of somebody else is known by its key', () => {
    expect(toMember('bob', { mood: 'calm', presence_ref: 'r' })).toEqual({
      ...{ clientId: 'bob', instanceId: 'r', data: { mood: 'calm' } },
    });
  });
});
