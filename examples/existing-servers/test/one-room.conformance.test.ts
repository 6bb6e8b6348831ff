/**
 * (c) against the conformance suite: one room at a time, nothing acknowledged, and members who are sockets.
 */
import { socketio } from '@anywire/adapter-socketio';
import type { PresenceChange } from '@anywire/core';
import { describeAdapter } from '@anywire/testkit';
import { oneRoom } from '../dialects/one-room.ts';
import { inRooms } from './carried.ts';
import { existingHarness, joiningIsEntering } from './existing-harness.ts';

/** The server knows people by their sockets; the suite by the names with which they came. */
const byName = <Change extends PresenceChange>(change: Change): Change => {
  if (!('member' in change)) return change;
  const { data } = change.member;
  return { ...change, member: { ...change.member, clientId: (data as { name: string }).name } };
};

describeAdapter(
  'existing server one-room',
  existingHarness({
    server: 'one-room',
    dialect: oneRoom,
    adapter: (host) =>
      socketio({ url: `http://${host}`, options: { transports: ['websocket'] }, dialect: oneRoom }),
    carrying: { ...inRooms, member: byName },
    oneChannel: 'everybody is in one room at a time',
    cannot: joiningIsEntering,
    leftOut: 95,
  }),
);
