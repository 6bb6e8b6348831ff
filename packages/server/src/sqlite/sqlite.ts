/**
 * The engine for one machine: channels live in a database file, and survive the end of the process, however it ends.
 * Serials, epochs, history, the ids of the last 120 s and the owners of nonces are in the file; members are in this process,
 * because their connections are.
 *
 * What changes nothing in the file answers at once; what does answers after the commit that it shares with all others of
 * its tick.
 *
 * @see engine.ts for the contract · group.ts · sweep.ts · docs/decisions/0011-sqlite.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { nothingStored, type Engine, type EngineHost } from '../engine.ts';
import { ChannelMembers, noMembers } from '../member-set.ts';
import { nonceTable, type NonceTable } from '../nonces.ts';
import { SqliteChannel } from './channel.ts';
import { openDatabase, type Durability } from './database.ts';
import { createGroup, type Group } from './group.ts';
import { shownNonces, type ShownNonces } from './shown-nonces.ts';
import { startSweep } from './sweep.ts';
import { Tables, type ChannelRow } from './tables.ts';

export interface SqliteOptions {
  /** The database. It is created if there is none; its folder is not. Beside it SQLite keeps `<file>-wal`. */
  readonly file: string;
  /**
   * What a power cut may take. `normal`: the last commits, also of publishes that were acked, which clients are told as
   * `lost`. `full`: nothing; each tick in which something is stored waits for the disk.
   *
   * @default 'normal'
   */
  readonly durability?: Durability;
  /** How long a channel that nobody uses, and an id, are remembered at least, in ms. @default 120_000 */
  readonly windowMs?: number;
}

const nonceTtlMs = 86_400_000;

/**
 * Keeps channels in a file. One process uses a file at a time.
 *
 * @throws {RealtimeError} invalid: the file cannot be opened, is something else, is newer, or another process uses it
 */
export function sqlite({
  file,
  durability = 'normal',
  windowMs = 120_000,
}: SqliteOptions): SqliteEngine {
  // Here and not in `open`: an app with a wrong file should not start.
  return sqliteEngine(new Tables(openDatabase(file, durability)), windowMs);
}

export interface SqliteEngine extends Engine {
  /** Channels that this process holds; the file may have more. */
  readonly size: number;
}

/** What there is from `open` on. */
interface Running {
  readonly host: EngineHost;
  readonly group: Group;
  readonly nonces: NonceTable;
  readonly shown: ShownNonces;
  readonly stop: () => void;
}

export function sqliteEngine(tables: Tables, windowMs: number): SqliteEngine {
  const channels = new Map<string, SqliteChannel>();
  let running: Running | undefined;
  let isClosed = false;

  const use = (): Running => {
    if (!running) throw new RealtimeError('closed', 'this engine is not open');
    return running;
  };

  /** A channel that is held, or in the file. */
  function find(name: string, host: EngineHost): SqliteChannel | undefined {
    const held = channels.get(name);
    if (held) return held;
    const row = tables.channel(name);
    return row && hold(row.name, row, host);
  }
  function take(name: string, host: EngineHost): SqliteChannel {
    // A copy: the name may be a slice of a frame, which would live as long as the channel.
    return find(name, host) ?? hold(Buffer.from(name).toString(), undefined, host);
  }
  function hold(name: string, row: ChannelRow | undefined, host: EngineHost): SqliteChannel {
    const channel = new SqliteChannel(tables, name, row, host.retention(name), host.clock.now());
    channels.set(name, channel);
    return channel;
  }

  /** What an earlier run knew of nonces and ids. */
  function restore(
    host: EngineHost,
    nonces: NonceTable,
    shown: ShownNonces,
    openedAt: number,
  ): void {
    for (const { nonce, owner, releasedAt } of tables.nonces()) {
      shown.restored(nonce);
      nonces.restore(nonce, owner, releasedAt ?? openedAt);
    }
    nonces.expire(openedAt - nonceTtlMs);
    let channel: SqliteChannel | undefined;
    for (const { name, serial, id, time } of tables.idsSince(openedAt - windowMs)) {
      if (channel?.name !== name) channel = find(name, host);
      channel?.ids.rotate(openedAt, windowMs);
      channel?.ids.add(id, serial, time);
    }
  }

  return {
    name: 'sqlite',
    get size() {
      return channels.size;
    },
    open(host) {
      const openedAt = host.clock.now();
      const group = createGroup(tables, host, windowMs);
      const shown = shownNonces((nonce, binding) => group.keepNonce(nonce, binding));
      const nonces = nonceTable(undefined, (nonce, binding) => shown.changed(nonce, binding));
      restore(host, nonces, shown, openedAt);
      const forgetNonces = (now: number): void => nonces.expire(now - nonceTtlMs);
      const stop = startSweep({ tables, host, channels, windowMs, openedAt, forgetNonces });
      running = { host, group, nonces, shown, stop };
    },
    subscribe(name) {
      const { host, group } = use();
      const channel = take(name, host);
      channel.subscribed = true;
      return channel.place.key === 0 ? group.create(channel) : undefined;
    },
    unsubscribe(name) {
      const channel = channels.get(name);
      if (!channel) return;
      channel.subscribed = false;
      channel.idleSince = use().host.clock.now();
    },
    append(name, draft) {
      const { host, group, shown } = use();
      const channel = take(name, host);
      channel.ids.rotate(host.clock.now(), windowMs);
      const known = channel.ids.find(draft.id);
      if (known) return known;
      const unstored = channel.unstored.get(draft.id);
      if (unstored) return unstored.then((appended) => ({ ...appended, duplicate: true }));
      shown.show(draft.id);
      return group.append(channel, draft);
    },
    broadcast(name, id, frame) {
      const { host, group, shown } = use();
      const channel = channels.get(name);
      shown.show(id);
      const tell = (): void => host.volatile(name, id, frame);
      return channel && channel.waiting > 0 ? group.after(channel, tell) : tell();
    },
    read(name, query) {
      const { host, group } = use();
      const channel = find(name, host);
      if (!channel) return nothingStored;
      if (channel.waiting > 0) return group.after(channel, () => channel.read(query));
      return channel.read(query);
    },
    enter(name, member, maxMembers) {
      const { host } = use();
      const members = (take(name, host).members ??= new ChannelMembers());
      const { entered, change } = members.enter(member, maxMembers);
      if (change) host.presence(name, change);
      return entered;
    },
    leave(name, key, by) {
      const change = channels.get(name)?.members?.leave(key, by);
      if (change) use().host.presence(name, change);
      return change !== undefined;
    },
    members: (name) => channels.get(name)?.members?.set ?? noMembers,
    claim: (nonce, owners) => use().nonces.claim(nonce, owners),
    release: (nonce) => running?.nonces.release(nonce, running.host.clock.now()),
    close() {
      if (isClosed) return;
      isClosed = true;
      running?.stop();
      running?.group.flush();
      running = undefined;
      channels.clear();
      tables.close();
    },
  };
}
