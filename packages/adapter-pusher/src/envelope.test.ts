import type { Outbound } from '@anywire/core';
import { describe, expect, it } from 'vitest';
import { toClientEvent, toInbound } from './envelope.ts';

const now = 1_750_000_000_000;
const outbound = (more: Partial<Outbound> = {}): Outbound => {
  const { data = { text: 'hi' } } = more;
  return {
    ...{ id: 'n:1', event: 'said', volatile: false, data },
    json: data instanceof Uint8Array ? undefined : JSON.stringify(data),
    ...more,
  };
};

/** As it comes out at the other end: JSON, by the network. */
const sentAndBack = (message: Outbound, clientId?: string): ReturnType<typeof toInbound> => {
  const { event, data } = toClientEvent(message, clientId, now);
  return toInbound(event, JSON.parse(JSON.stringify(data)));
};

describe('a client event', () => {
  it('carries id, time, sender and sequence beside the data, and nobody vouches for its sender', () => {
    expect(sentAndBack(outbound({ sequence: 7, extras: { k: 1 } }), 'ann')).toEqual({
      id: 'n:1',
      event: 'said',
      data: { text: 'hi' },
      sequence: 7,
      timestamp: now,
      extras: { k: 1 },
      sender: { clientId: 'ann', verified: false },
      action: 'create',
    });
  });

  it.each([['123'], ['true'], ['{"a":1}'], [''], [null], [0], [[1, '2']], [{ aw: { i: 'x' } }]])(
    'with the data %j comes as it was sent',
    (data) => {
      expect(sentAndBack(outbound({ data })).data).toEqual(data);
    },
  );

  it('with bytes comes as bytes', () => {
    const data = new Uint8Array([0, 128, 255]);
    expect(sentAndBack(outbound({ data })).data).toEqual(data);
  });

  it.each([
    'pusher:ping',
    'pusher_internal:x',
    'client-x',
    'x'.repeat(190),
    'x'.repeat(250),
    'größe',
  ])(
    'named %s begins with `client-`, has at most 200 characters, and comes with its name',
    (event) => {
      const sent = toClientEvent(outbound({ event }), undefined, now);
      expect(sent.event).toMatch(/^client-.{1,193}$/);
      expect(sentAndBack(outbound({ event })).event).toBe(event);
    },
  );

  it('needs at most 60 bytes beside the data, the id and the client id apart', () => {
    const { data } = toClientEvent(outbound({ data: 1, sequence: 1_000 }), undefined, now);
    expect(JSON.stringify(data).length - 'n:1'.length - '1'.length).toBeLessThanOrEqual(60);
  });
});

describe('an event of the backend', () => {
  it('has serial and cursor, and a sender that is vouched for', () => {
    const aw = { i: 'n:1', s: 3, k: 'e:3', t: now, c: 'ann', n: '1.2' };
    expect(toInbound('said', { aw, d: 1 })).toMatchObject({
      ...{ id: 'n:1', serial: 3, cursor: 'e:3', data: 1 },
      sender: { clientId: 'ann', connectionId: '1.2', verified: true },
    });
  });

  it('whose name Pusher does not take comes with it', () => {
    expect(toInbound('aw:event', { aw: { i: 'n:1', e: 'pusher:x' }, d: 1 }).event).toBe('pusher:x');
  });
});

it.each([
  [undefined],
  [null],
  [1],
  ['text'],
  [[]],
  [{ aw: null }],
  [{ aw: {} }],
  [{ aw: { i: 1 } }],
])('foreign data %j pass as they are, without id and sender', (data) => {
  expect(toInbound('said', data)).toEqual({ event: 'said', data, action: 'create' });
});
