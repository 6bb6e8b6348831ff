/** `phx_join`: who may come in, and what it is told first. @see SOURCE.md#supabase-join */
import { bindingsOf, announceChanges } from './changes.ts';
import { deliver, noRead, push, type Channel } from './channel.ts';
import { answer, type Connection } from './connection.ts';
import { end, watchToken } from './ending.ts';
import type { Frame } from './frames.ts';
import { membersOf } from './presence.ts';
import { randomId, replayed, roomOf } from './room.ts';
import { Refused, type Claims } from './tokens.ts';

export const prefix = 'realtime:';

type Given = Readonly<Record<string, unknown>>;
const members = (value: unknown): Given => Object(value) as Given;
const isTrue = (value: unknown): boolean => value === true || value === 'true';

/** Keys of the new kind say nothing here: the handshake did. */
export const tokenIn = (payload: unknown): string | undefined => {
  const { access_token: token } = members(payload);
  return typeof token === 'string' && token !== '' && !token.startsWith('sb_') ? token : undefined;
};

export function join(connection: Connection, frame: Frame): void {
  const { world, channels } = connection;
  const { faults, clock, times, rates, limits } = world;
  const before = channels.get(frame.topic);
  if (before) end(before);
  if (faults.unanswered && (faults.unanswered.topic ?? frame.topic) === frame.topic) return;
  rates.joins.add();
  try {
    if (faults.joins.left > 0) {
      faults.joins.left -= 1;
      throw new Error(faults.joins.reason);
    }
    enter(connection, frame);
  } catch (error) {
    const reason = error instanceof Refused ? error.reason : (error as Error).message;
    world.log(`${frame.topic} is refused: ${reason}`);
    const isFlood = rates.joins.perSecond() > limits.joinsPerSecond;
    clock.schedule(() => {
      answer(connection, frame, 'error', { reason });
      if (isFlood) connection.pipe.close(1001);
    }, times.joinBackoffMs);
  }
}

/** @throws {Refused} */
function enter(connection: Connection, frame: Frame): void {
  const { world } = connection;
  const config = members(members(frame.payload)['config']);
  const [broadcast, presence] = [members(config['broadcast']), members(config['presence'])];
  const isPrivate = isTrue(config['private']);
  const topic = frame.topic.slice(prefix.length);
  const token = tokenIn(frame.payload);
  const claims = token === undefined ? connection.claims : world.claimsOf(token);
  admit(connection, topic, isPrivate, claims, broadcast['replay'] !== undefined);
  const bindings = bindingsOf(config['postgres_changes']);
  const channel: Channel = {
    ...{ connection, claims, token, bindings, topic: frame.topic, joinRef: frame.ref },
    room: roomOf(world, topic, isPrivate),
    hearsItself: isTrue(broadcast['self']),
    wantsAcks: isTrue(broadcast['ack']),
    key: String(presence['key'] ?? '') || randomId(),
    showsMembers: isTrue(presence['enabled']),
    presenceCalls: [],
    hearsChanges: false,
    stopWatching() {},
    stopAnnouncing() {},
  };
  connection.channels.set(frame.topic, channel);
  channel.room.channels.add(channel);
  watchToken(channel);
  answer(connection, frame, 'ok', { postgres_changes: bindings });
  replay(channel, members(broadcast['replay']));
  if (channel.showsMembers) push(channel, 'presence_state', membersOf(channel.room));
  announceChanges(channel);
}

/** @throws {Refused} */
function admit(
  { world, channels }: Connection,
  topic: string,
  isPrivate: boolean,
  claims: Claims,
  wantsReplay: boolean,
): void {
  const { limits, rates } = world;
  if (topic === '') throw new Refused('TopicNameRequired', 'You must provide a topic name');
  if (channels.size >= limits.channelsPerConnection)
    throw new Refused('ChannelRateLimitReached', 'Too many channels');
  if (rates.joins.perSecond() > limits.joinsPerSecond)
    throw new Refused('ClientJoinRateLimitReached', 'Too many joins per second');
  if (!isPrivate && world.privateOnly)
    throw new Refused('PrivateOnly', 'This project only allows private channels');
  if (!isPrivate && wantsReplay)
    throw new Refused('UnableToReplayMessages', 'Replay is not allowed for public channels');
  const isAllowed =
    !isPrivate || world.allows({ topic, extension: 'broadcast', operation: 'read', claims });
  if (!isAllowed) throw new Refused('Unauthorized', noRead(topic));
}

function replay(channel: Channel, { since, limit }: Given): void {
  if (typeof since !== 'number') return;
  const { world } = channel.connection;
  const most = Math.min(typeof limit === 'number' ? limit : Infinity, world.limits.replay);
  for (const { id, event, data } of replayed(world, channel.room, since, most))
    deliver(channel, { event, data, isFramed: false, meta: { id, replayed: true } });
}
