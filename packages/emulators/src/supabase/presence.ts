/** Who is shown in a room, and how the others hear of it. @see SOURCE.md#supabase-presence */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { push, type Channel } from './channel.ts';
import type { Meta, Room } from './room.ts';

type Metas = Readonly<Record<string, { readonly metas: readonly Meta[] }>>;

const one = (key: string, meta: Meta): Metas => ({ [key]: { metas: [meta] } });

/** To everybody who wants presence, or who cannot refuse it: those in public channels. */
function tell(room: Room, joins: Metas, leaves: Metas): void {
  for (const channel of room.channels)
    if (channel.showsMembers || !room.isPrivate)
      push(channel, 'presence_diff', { joins, leaves }, { isForAll: true });
}

export function membersOf(room: Room): Metas {
  const entries = [...room.members].map(([key, metas]) => [key, { metas: [...metas.values()] }]);
  return Object.fromEntries(entries) as Metas;
}

const refsOf = ({ phx_ref, phx_ref_prev }: Meta): object => ({
  phx_ref,
  ...(phx_ref_prev !== undefined && { phx_ref_prev }),
});

/** Shows a member, or shows it otherwise. The same again is nothing new. */
export function track(channel: Channel, shown: Readonly<Record<string, unknown>>): void {
  const { room, key, connection } = channel;
  const metas = room.members.get(key) ?? new Map<Channel, Meta>();
  const before = metas.get(channel);
  if (before && isDeepStrictEqual({ ...shown, ...refsOf(before) }, before)) return;
  const meta: Meta = {
    ...shown,
    phx_ref: randomBytes(8).toString('base64url'),
    ...(before && { phx_ref_prev: before.phx_ref }),
  };
  metas.set(channel, meta);
  room.members.set(key, metas);
  connection.world.log(`${key} is shown in ${room.topic}`);
  tell(room, one(key, meta), before ? one(key, before) : {});
}

export function untrack(channel: Channel): void {
  const { room, key } = channel;
  const metas = room.members.get(key);
  const meta = metas?.get(channel);
  if (!metas || !meta) return;
  metas.delete(channel);
  if (metas.size === 0) room.members.delete(key);
  tell(room, {}, one(key, meta));
}
