import { describe, expect, it } from 'vitest';
import { scripted } from '../test/scripted.ts';
import { createPresenceUpdates } from './presence.ts';

const member = (n: number) => ({ clientId: `client ${n}`, instanceId: 'tab', data: n });

describe('what members show', () => {
  it('is the last that each has said, until it goes', () => {
    const updates = createPresenceUpdates(10);
    updates.set('room', member(1));
    updates.set('room', { ...member(2), data: 'first' });
    updates.set('room', member(2));
    expect(updates.of('room')).toEqual([member(1), member(2)]);
    updates.forget('room', member(1));
    expect(updates.of('room')).toEqual([member(2)]);
    expect(updates.of('elsewhere')).toEqual([]);
  });

  it('is kept of 10 members at most; the channel that was used first is forgotten', () => {
    const updates = createPresenceUpdates(10);
    for (let n = 0; n < 12; n++) updates.set(`room ${n >> 1}`, member(n));
    expect(updates.of('room 0')).toEqual([]);
    expect([1, 2, 3, 4, 5].map((n) => updates.of(`room ${n}`).length)).toEqual([2, 2, 2, 2, 2]);
  });
});

it.each([
  ['a space, which would name another member', 'lee tab'],
  ['129 characters', 'x'.repeat(129)],
])('a member whose instance id has %s is refused with 400', async (_, instanceId) => {
  const { post } = scripted();
  const asked = { channel: 'room', connectionRef: '1.2', instanceId, presence: { data: null } };
  expect(await post('auth', asked, 'ann')).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid' } },
  });
  const { presence, ...update } = asked;
  expect(await post('presence', { ...update, ...presence }, 'ann')).toMatchObject({ status: 400 });
});
