/** How a channel ends, and what it ends by. */
import { may, noRead, tellSystem, type Channel } from './channel.ts';
import { send } from './connection.ts';
import { untrack } from './presence.ts';
import { Refused } from './tokens.ts';

/** Takes it out of its room: its member leaves. */
export function remove(channel: Channel): void {
  const { connection, topic, room } = channel;
  if (connection.channels.get(topic) === channel) connection.channels.delete(topic);
  channel.stopWatching();
  channel.stopAnnouncing();
  room.channels.delete(channel);
  untrack(channel);
}

/** `phx_close` and `phx_error` bear the join they end: a client that has joined again meanwhile passes over them. */
export function end(channel: Channel, event: 'phx_close' | 'phx_error' = 'phx_close'): void {
  const { connection, topic, joinRef } = channel;
  remove(channel);
  send(connection, { topic, event, payload: {}, ref: joinRef, joinRef });
}

/** Closes a channel, and says why. */
export function shutDown(channel: Channel, message: string): void {
  channel.connection.world.log(`${channel.topic} is closed: ${message}`);
  tellSystem(channel, 'error', message);
  end(channel);
}

/** Whether it may still be here: its token, and what the policies say to it now. Answers whether it stayed. */
export function recheck(channel: Channel, token: string | undefined = channel.token): boolean {
  const { world } = channel.connection;
  try {
    if (token !== undefined) channel.claims = world.claimsOf(token);
    channel.token = token;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    shutDown(channel, error.message);
    return false;
  }
  if (!may(channel, 'broadcast', 'read')) {
    shutDown(channel, noRead(channel.room.topic));
    return false;
  }
  return true;
}

/** Looks again and again, and when the token ends. */
export function watchToken(channel: Channel): void {
  const { clock, times } = channel.connection.world;
  const leftMs = Math.max(0, channel.claims.exp * 1_000 - clock.now());
  channel.stopWatching();
  channel.stopWatching = clock.schedule(
    () => {
      if (recheck(channel)) watchToken(channel);
    },
    Math.min(leftMs, times.tokenCheckMs),
  );
}
