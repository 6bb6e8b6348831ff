/**
 * Forgetting, in the file and in this process: messages that are too old, channels that nobody needs, ids and nonces after
 * their time. In small goes with pauses, so that a large file never holds up the loop.
 *
 * The file says by itself which channels are due (`channels.due`), so that those which nobody has touched since the start
 * are forgotten too, and the others cost nothing.
 *
 * @see sqlite.ts · sweep.test.ts
 */
import type { EngineHost } from '../engine.ts';
import { SqliteChannel } from './channel.ts';
import { trim, trimMost } from './group.ts';
import type { ChannelRow, Place, Tables } from './tables.ts';

const sweepMs = 10_000;
/** Between two goes of one sweep. */
const pauseMs = 20;
/** Channels of the file, channels of this process, ids, pages: each a few ms. */
const maxChannels = 100;
const maxHeld = 5_000;
const maxIds = 2_000;
const maxPages = 256;
/** The latest that a channel is looked at again: an app may come back with a shorter retention. */
const hourMs = 3_600_000;

/** What is swept. */
export interface Sweepable {
  readonly tables: Tables;
  readonly host: EngineHost;
  readonly channels: Map<string, SqliteChannel>;
  readonly windowMs: number;
  /** After a restart nobody has had the time to come back before this. */
  readonly openedAt: number;
  forgetNonces(now: number): void;
}

/** Begins to sweep. The returned function stops it. */
export function startSweep(swept: Sweepable): () => void {
  const { host, channels } = swept;
  let held: MapIterator<[string, SqliteChannel]> | undefined;
  let stop = host.clock.schedule(go, sweepMs);

  function go(): void {
    let isThrough = true;
    try {
      isThrough = sweepFile(swept);
    } catch (error) {
      host.log('error', 'old messages could not be dropped', { error });
    }
    held ??= channels.entries();
    if (letGo(held, swept)) held = undefined;
    else isThrough = false;
    stop = host.clock.schedule(go, isThrough ? sweepMs : pauseMs);
  }
  return () => stop();
}

/** One go through what is due in the file; answers whether nothing more is. */
function sweepFile(swept: Sweepable): boolean {
  const { tables, host, channels, windowMs, forgetNonces } = swept;
  const now = host.clock.now();
  const places = new Map<SqliteChannel, Place | undefined>();
  const isThrough = tables.transaction(() => {
    let isDone = tables.dropIds(now - windowMs, now, maxIds) < maxIds;
    const rows = tables.dueChannels(now, maxChannels);
    if (rows.length === maxChannels) isDone = false;
    let room = trimMost;
    for (const row of rows) {
      const channel = channels.get(row.name) ?? read(swept, row, now);
      const place = trim(tables, channel.without(now), 1);
      room -= place.kept - channel.place.kept;
      places.set(channel, sweepChannel(swept, channel, place, now));
      if (room <= 0) break;
    }
    return isDone && room > 0;
  });
  for (const [channel, place] of places) {
    if (place) channel.place = place;
    else if (channels.get(channel.name) === channel) channels.delete(channel.name);
  }
  forgetNonces(now);
  return isThrough && !tables.shrink(maxPages);
}

function read({ tables, host }: Sweepable, row: ChannelRow, now: number): SqliteChannel {
  return new SqliteChannel(tables, row.name, row, host.retention(row.name), now);
}

/** Writes down what is left of a channel, and when it is due again; answers undefined for one that is forgotten. */
function sweepChannel(
  { tables, channels, windowMs, openedAt }: Sweepable,
  channel: SqliteChannel,
  place: Place,
  now: number,
): Place | undefined {
  const { key, first, serial, kept } = place;
  const { retention } = channel;
  const isHeld = channels.get(channel.name) === channel;
  const idleSince = isHeld ? Math.max(channel.idleSince, openedAt) : openedAt;
  const isEmpty = first > serial;
  if (isEmpty && !(isHeld && channel.isNeeded) && now - idleSince >= windowMs) {
    tables.dropChannel(key);
    return undefined;
  }
  const oldest = isEmpty ? undefined : tables.message(key, first);
  const wanted = oldest ? oldest.time + retention.ttlMs : now + Math.min(retention.ttlMs, windowMs);
  // What could not be deleted in one go is left to the next one.
  const due = kept < first - 1 ? now : Math.min(Math.max(wanted, now + sweepMs), now + hourMs);
  if (first > channel.place.first) tables.emptyMessage(key, first - 1);
  tables.dueAgain(key, first, due);
  return place;
}

/** Lets go of channels that this process need not hold; answers whether it has seen all. */
function letGo(
  held: MapIterator<[string, SqliteChannel]>,
  { host, channels, windowMs }: Sweepable,
): boolean {
  const now = host.clock.now();
  for (let left = maxHeld; left > 0; left--) {
    const next = held.next();
    if (next.done) return true;
    const [name, channel] = next.value;
    channel.ids.rotate(now, windowMs);
    if (!channel.isNeeded && now - channel.idleSince >= windowMs) channels.delete(name);
  }
  return false;
}
