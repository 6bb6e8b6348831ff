/**
 * Members: who enters, who is told, and who leaves when nobody comes back.
 *
 * @see SOURCE.md#ably-presence
 */
import { randomId } from './app.ts';
import { tellPresence, type Attachment, type Channel, type Member } from './channel.ts';
import { send, type Connection } from './connection.ts';
import { AblyError } from './errors.ts';
import { actions, presenceActions, type WirePresence } from './protocol.ts';

const keyOf = ({ clientId = '', connectionId = '' }: WirePresence): string =>
  `${clientId}:${connectionId}`;

/** @throws {AblyError} 40012, 40160, 91003 */
export function present(
  connection: Connection,
  attachment: Attachment,
  given: readonly WirePresence[],
  msgSerial: number,
): void {
  const { world } = connection;
  const { channel } = attachment;
  if (!attachment.granted.has('presence')) throw new AblyError(40160, undefined, 401);
  const changes = given.map(({ data, encoding, ...presence }, at): WirePresence => ({
    ...presence,
    ...(data != null && { data }),
    ...(encoding != null && { encoding }),
    clientId: memberId(connection, presence.clientId),
    connectionId: connection.id,
    id: presence.id ?? `${connection.id}:${msgSerial}:${at}`,
    timestamp: world.clock.now(),
  }));
  for (const presence of changes) {
    const isLeaving = presence.action === presenceActions.leave;
    const known = channel.members.get(keyOf(presence));
    known?.stopGrace();
    if (isLeaving) {
      channel.members.delete(keyOf(presence));
      if (known) tellPresence(channel, { ...lastData(known), ...presence });
      continue;
    }
    if (!known && channel.members.size >= world.limits.membersPerChannel)
      throw new AblyError(91003);
    channel.members.set(keyOf(presence), { presence, stopGrace: () => {} });
    tellPresence(channel, presence);
  }
}

/** What a member showed last; who leaves need not say it again. */
const lastData = ({ presence: { data, encoding } }: Member): WirePresence => ({
  ...(data !== undefined && { data }),
  ...(encoding !== undefined && { encoding }),
});

/** @throws {AblyError} 40012 */
function memberId({ grant }: Connection, given: string | undefined): string {
  const own = grant.clientId;
  if (given == null || given === own) {
    if (own === undefined || own === '*' || own === '') throw new AblyError(40012);
    return own;
  }
  if (own !== undefined && own !== '*')
    throw new AblyError(40012, `mismatched clientId: "${given}" is not "${own}"`);
  if (given === '*' || given === '') throw new AblyError(40012);
  return given;
}

/** The whole set, in pages; nothing where there is nobody, or nobody who may see it. */
export function sendSync({ connection, channel, granted }: Attachment): void {
  const { members } = channel;
  if (members.size === 0 || !granted.has('presence_subscribe')) return;
  const { syncPage } = connection.world.limits;
  const all = [...members.values()].map(({ presence }) => ({
    ...presence,
    action: presenceActions.present,
  }));
  const id = randomId(8);
  for (let from = 0; from < all.length; from += syncPage) {
    const next = from + syncPage;
    send(connection, {
      action: actions.sync,
      channel: channel.name,
      channelSerial: `${id}:${next < all.length ? next : ''}`,
      presence: all.slice(from, next),
    });
  }
}

/** Tells the others that a member is gone, by the service's own word: with an id that no connection has made. */
function end({ clock }: Connection['world'], channel: Channel, { presence }: Member): void {
  channel.members.delete(keyOf(presence));
  const timestamp = Math.max(clock.now(), presence.timestamp ?? 0);
  const id = `service:${randomId(8)}:0`;
  tellPresence(channel, { ...presence, id, timestamp, action: presenceActions.leave });
}

const membersOf = ({ id }: Connection, { members }: Channel): readonly Member[] =>
  [...members.values()].filter(({ presence }) => presence.connectionId === id);

/** They go at once: it was on purpose. */
export function leaveAll(connection: Connection, channel: Channel): void {
  for (const member of membersOf(connection, channel)) {
    member.stopGrace();
    end(connection.world, channel, member);
  }
}

/** They go after a while, unless they come back. */
export function leaveLater(connection: Connection, channel: Channel): void {
  const { clock, times } = connection.world;
  for (const member of membersOf(connection, channel)) {
    member.stopGrace();
    member.stopGrace = clock.schedule(
      () => end(connection.world, channel, member),
      times.presenceGraceMs,
    );
  }
}

/** They stay: their connection is back. */
export function stay(connection: Connection): void {
  for (const channel of connection.grant.app.channels.values())
    for (const member of membersOf(connection, channel)) member.stopGrace();
}
