import type { Link, PresenceChange } from '@anywire/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMembers } from './members.ts';

let changes: PresenceChange[];
let heard: (event: string, data: unknown) => void;
beforeEach(() => {
  changes = [];
  const link = { presence: (_: string, change: PresenceChange) => void changes.push(change) };
  ({ heard } = createMembers(link as unknown as Link, 'room'));
});

const ann = { c: 'ann', i: 'tab', d: { name: 'Ann' } };
const member = { clientId: 'ann', instanceId: 'tab', data: { name: 'Ann' } };

describe('the members of a presence channel', () => {
  it('begin with a whole set, and after a loss with another: pusher-js tells nobody who went', () => {
    heard('pusher:subscription_succeeded', { members: { 'ann tab': ann } });
    heard('pusher:subscription_succeeded', { members: {} });
    expect(changes).toEqual([
      { action: 'sync-start' },
      { action: 'enter', member },
      { action: 'sync-end' },
      { action: 'sync-start' },
      { action: 'sync-end' },
    ]);
  });

  it('of an app that signs them itself are known by their user', () => {
    heard('pusher:member_added', { id: '7', info: { name: 'Ann' } });
    expect(changes).toEqual([
      { action: 'enter', member: { clientId: '7', instanceId: '7', data: { name: 'Ann' } } },
    ]);
  });

  it('that go without a word are lost; those that said goodbye have left', () => {
    for (const isPolite of [false, true]) {
      heard('pusher:member_added', { id: 'ann tab', info: ann });
      if (isPolite) heard('aw:left', { c: 'ann', i: 'tab' });
      heard('pusher:member_removed', { id: 'ann tab', info: ann });
    }
    const reasons = changes.map((change) => ('reason' in change ? change.reason : undefined));
    expect(reasons).toEqual([undefined, 'lost', undefined, 'left']);
  });

  it('change what they show with 1 update, and those that are gone with none', () => {
    heard('pusher:member_added', { id: 'ann tab', info: ann });
    heard('aw:update', { c: 'ann', i: 'tab', d: 1 });
    heard('aw:update', { c: 'bob', i: 'tab', d: 1 });
    expect(changes.slice(1)).toEqual([{ action: 'update', member: { ...member, data: 1 } }]);
  });
});
