import { describe, expect, it } from 'vitest';
import type { ProviderMember } from '../provider.ts';
import { checkSize, toEvent, userIdOf } from './messages.ts';
import { toBackendEvent } from './webhooks.ts';

const base = { id: 'nonce:1', event: 'said', data: 1, timestamp: 5 };
const digest = (text: string): string => `digest of ${text.length}`;

describe('an event of Pusher’s', () => {
  it('has the data beside an envelope that names what is known, and nothing else', () => {
    expect(JSON.parse(JSON.stringify(toEvent(base)))).toEqual({
      name: 'said',
      data: { aw: { i: 'nonce:1', t: 5 }, d: 1 },
    });
    const all = {
      ...{ serial: 3, cursor: 'e:3:nonce:1', sequence: 2, clientId: 'ann', connectionId: '1.2' },
      extras: { trace: 'x' },
    };
    expect(JSON.parse(JSON.stringify(toEvent({ ...base, ...all }).data))).toEqual({
      aw: {
        ...{ i: 'nonce:1', s: 3, k: 'e:3:nonce:1', q: 2, t: 5, c: 'ann', n: '1.2' },
        x: { trace: 'x' },
      },
      d: 1,
    });
  });

  it('has bytes as base64, and a mark that says so', () => {
    expect(toEvent({ ...base, data: new Uint8Array([1, 255]) }).data).toMatchObject({
      aw: { b: 1 },
      d: 'Af8=',
    });
  });

  it.each(['pusher:ping', 'pusher_internal:member_added', 'client-typing', 'aw:update'])(
    'is called aw:event where the app calls it %s, which Pusher or we keep for ourselves',
    (event) => {
      expect(toEvent({ ...base, event })).toMatchObject({
        name: 'aw:event',
        data: { aw: { e: event } },
      });
    },
  );
});

describe('the size of an event', () => {
  const tooLarge = expect.objectContaining({ code: 'payload_too_large' }) as Error;
  const text = (length: number): object => ({ ...base, data: 'x'.repeat(length) });

  it.each([
    ['a text of 10,000', 'private', text(10_000)],
    ['bytes, 7,500 of them', 'private', { ...base, data: new Uint8Array(7_500) }],
    ['an encrypted text of 7,400', 'encrypted', text(7_400)],
  ] as const)('lets %s characters pass', (_, kind, message) => {
    expect(() => checkSize({ kind }, message as never)).not.toThrow();
  });

  it.each([
    ['a text of 10,240', 'private', text(10_240)],
    ['a text of 9,500 with 1,000 of extras', 'private', { ...text(9_500), extras: { x: 'x'.repeat(1_000) } }],
    ['bytes, 8,000 of them: base64 makes 10,668', 'private', { ...base, data: new Uint8Array(8_000) }],
    ['an encrypted text of 7,600', 'encrypted', text(7_600)],
  ] as const)('refuses %s', (_, kind, message) => {
    expect(() => checkSize({ kind }, message as never)).toThrow(tooLarge);
  }); // prettier-ignore
});

describe('a member at Pusher', () => {
  const name = (member: ProviderMember): string => userIdOf(member, digest);

  it('is called by both of its ids, or by their digest where that has over 128 characters', () => {
    expect(name({ clientId: 'ann lee', instanceId: 'tab-1' })).toBe('ann lee tab-1');
    expect(name({ clientId: 'a'.repeat(122), instanceId: 'tab-1' })).toHaveLength(128);
    expect(name({ clientId: 'a'.repeat(123), instanceId: 'tab-1' })).toBe('digest of 129');
  });

  it('is found again in a webhook, also when a client id has spaces', () => {
    const channel = 'presence-room=3A42';
    const added = { name: 'member_added', channel, user_id: 'ann lee tab-1' };
    const member = { channel: 'room:42', clientId: 'ann lee', instanceId: 'tab-1' };
    expect(toBackendEvent(added)).toEqual({ type: 'enter', ...member });
    expect(toBackendEvent({ ...added, name: 'member_removed' })).toEqual({
      type: 'leave',
      ...member,
    });
    // Of an app that signs its users itself.
    expect(toBackendEvent({ ...added, user_id: '42' })).toMatchObject({ clientId: '42' });
  });
});

it.each([
  [{ name: 'channel_occupied', channel: 'private-a=3Ab' }, { type: 'occupied', channel: 'a:b' }],
  [{ name: 'channel_vacated', channel: 'a:b' }, { type: 'vacated', channel: 'a:b' }],
  [
    { name: 'client_event', channel: 'private-a', event: 'client-typing', data: '{"aw":{"i":"n:1"},"d":[1]}' },
    { type: 'message', channel: 'a', event: 'typing', data: [1] },
  ],
  [
    { name: 'client_event', channel: 'private-a', event: 'client-typing', data: '{"on":true}' },
    { type: 'message', channel: 'a', event: 'typing', data: { on: true } },
  ],
  [
    { name: 'cache_miss', channel: 'cache-x' },
    { type: 'other', name: 'cache_miss', channel: 'cache-x', native: { name: 'cache_miss', channel: 'cache-x' } },
  ],
])('a webhook %j is told as %j', (native, told) => {
  expect(toBackendEvent(native)).toEqual(told);
}); // prettier-ignore
