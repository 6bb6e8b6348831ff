import type { Outbound } from '@anywire/core';
import { describe, expect, it } from 'vitest';
import { toInbound, toMember, toMemberData, toMessage } from './messages.ts';

const outbound = (more: Partial<Outbound> = {}): Outbound => ({
  ...{ id: 'nonce:7', event: 'e', data: 1, json: '1', volatile: false },
  ...more,
});

describe('a message on its way out', () => {
  it('has an id that Ably remembers, JSON as text, and a mark', () => {
    expect(toMessage(outbound())).toEqual({
      id: 'nonce.7:0',
      name: 'e',
      data: '1',
      encoding: 'json',
      extras: { headers: { aw: 0 } },
    });
  });

  it('has bytes as they are, its sequence, and what interceptors add', () => {
    const data = new Uint8Array([1]);
    expect(
      toMessage(outbound({ data, json: undefined, sequence: 3, extras: { a: 1 } })),
    ).toMatchObject({ data, extras: { headers: { aw: 3, awx: '{"a":1}' } } });
  });

  it('is kept nowhere when it may be dropped', () => {
    expect(toMessage(outbound({ volatile: true }))).toMatchObject({ extras: { ephemeral: true } });
  });
});

describe('a message that came in', () => {
  const extras = { headers: { aw: 3, awx: '{"a":1}' } };

  it('of ours has its id, sequence and extras again', () => {
    const native = { id: 'nonce.7:0', name: 'e', data: 1, serial: 's', extras };
    expect(toInbound(native)).toMatchObject({
      ...{ id: 'nonce:7', event: 'e', data: 1, serial: 's', sequence: 3 },
      extras: { a: 1 },
      action: 'create',
    });
  });

  it.each([
    ['a connection and its msgSerial', 'abc:0:0'],
    ['something like ours, without the mark', 'nonce.7:0'],
  ])('of others, with the id of %s, has none', (_, id) => {
    expect(toInbound({ id, data: 'x' })).not.toHaveProperty('id');
  });

  it('with headers that are garbage is delivered all the same', () => {
    const native = { extras: { headers: { aw: 1, awx: 'garbage' } } };
    expect(toInbound(native)).toMatchObject({ event: '', data: null, extras: {} });
    expect(toInbound({ extras: 'garbage' })).toMatchObject({ data: null });
  });

  it.each([
    ['message.create', 'create'],
    ['message.update', 'update'],
    ['message.append', 'update'],
    ['message.delete', 'delete'],
    ['message.summary', undefined],
    ['meta', undefined],
  ])('as %s is %s', (action, wanted) => {
    expect(toInbound({ action })?.action).toBe(wanted);
  });

  it('has bytes that nobody else holds', () => {
    const data = Buffer.from([1, 2]);
    const found = toInbound({ data })?.data as Uint8Array;
    data[0] = 9;
    expect([found.constructor, [...found]]).toEqual([Uint8Array, [1, 2]]);
  });
});

describe('a member', () => {
  const native = { clientId: 'ann', connectionId: 'c1' };

  it('of ours is the instance that its data name', () => {
    expect(toMember({ ...native, data: toMemberData('tab', { n: 1 }) })).toEqual({
      ...native,
      instanceId: 'tab',
      data: { n: 1 },
    });
  });

  it('of others is the instance of its connection', () => {
    expect(toMember({ ...native, data: 'x' })).toEqual({ ...native, instanceId: 'c1', data: 'x' });
  });
});
