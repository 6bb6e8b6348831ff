/**
 * Everything that is asked of the database: each statement prepared once, with the types of what it takes and answers.
 *
 * @see database.ts for the schema
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeptBinding } from '../nonces.ts';

/** Where a channel stands: a row of `channels`, and what of its messages is in the file. */
export interface Place {
  /** Its row; 0 while it has none. */
  readonly key: number;
  readonly serial: number;
  readonly id: string;
  /** Of the newest message; times never go back. */
  readonly time: number;
  /** The oldest message that counts as stored; `serial + 1` when none does. */
  readonly first: number;
  /** The oldest row of `messages`: at most `first - 1`, once there was one. */
  readonly kept: number;
}

export interface ChannelRow extends Omit<Place, 'kept'> {
  readonly name: string;
  readonly epoch: string;
}

export interface MessageRow {
  readonly serial: number;
  readonly id: string;
  readonly time: number;
  /** See {@link messageTail}. */
  readonly tail: string;
}

/** A message that was stored, also when it is gone. */
export interface IdRow {
  readonly name: string;
  readonly serial: number;
  readonly id: string;
  /** When it was published, in ms since 1970. */
  readonly time: number;
}

export interface NonceRow {
  readonly nonce: string;
  readonly owner: string;
  /** null: it was in use when the process ended. */
  readonly releasedAt: number | null;
}

const range = 'FROM messages WHERE channel = ? AND serial BETWEEN ? AND ? ORDER BY serial';

export class Tables {
  readonly database: DatabaseSync;
  private readonly statements: Map<string, StatementSync> = new Map();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  private sql(text: string): StatementSync {
    let statement = this.statements.get(text);
    if (!statement) this.statements.set(text, (statement = this.database.prepare(text)));
    return statement;
  }

  /** All of `work`, or nothing of it. */
  transaction<Result>(work: () => Result): Result {
    this.sql('BEGIN IMMEDIATE').run();
    try {
      const result = work();
      this.sql('COMMIT').run();
      return result;
    } catch (error) {
      try {
        this.sql('ROLLBACK').run();
      } catch {
        // SQLite has done it already, as when the disk is full.
      }
      throw error;
    }
  }

  // --- channels ---

  channel(name: string): ChannelRow | undefined {
    return this.sql('SELECT * FROM channels WHERE name = ?').get(name) as ChannelRow | undefined;
  }

  /** @returns its key. */
  addChannel(name: string, epoch: string, due: number): number {
    const added = this.sql("INSERT INTO channels VALUES (NULL, ?, ?, 0, '', 0, 1, ?)");
    return Number(added.run(name, epoch, due).lastInsertRowid);
  }

  moveChannel({ key, serial, id, time, first }: Place): void {
    this.sql('UPDATE channels SET serial = ?, id = ?, time = ?, first = ? WHERE key = ?').run(
      serial,
      id,
      time,
      first,
      key,
    );
  }

  dueAgain(key: number, first: number, due: number): void {
    this.sql('UPDATE channels SET first = ?, due = ? WHERE key = ?').run(first, due, key);
  }

  dueChannels(now: number, limit: number): readonly ChannelRow[] {
    const rows = this.sql('SELECT * FROM channels WHERE due <= ? ORDER BY due LIMIT ?');
    return rows.all(now, limit) as unknown as ChannelRow[];
  }

  dropChannel(key: number): void {
    this.sql('DELETE FROM messages WHERE channel = ?').run(key);
    this.sql('DELETE FROM channels WHERE key = ?').run(key);
  }

  // --- messages ---

  addMessage(channel: number, { serial, id, time, tail }: MessageRow): void {
    const added = this.sql('INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?)');
    added.run(channel, serial, id, time, tail);
  }

  /** Of serials `from` to `to`, both inclusive, lazily. */
  messages(
    channel: number,
    from: number,
    to: number,
    direction: 'forwards' | 'backwards',
  ): Iterable<MessageRow> {
    const order = direction === 'forwards' ? 'ASC' : 'DESC';
    const rows = this.sql(`SELECT serial, id, time, tail ${range} ${order}`);
    return rows.iterate(channel, from, to) as Iterable<unknown> as Iterable<MessageRow>;
  }

  message(channel: number, serial: number): Pick<MessageRow, 'id' | 'time'> | undefined {
    const row = this.sql('SELECT id, time FROM messages WHERE channel = ? AND serial = ?');
    return row.get(channel, serial) as Pick<MessageRow, 'id' | 'time'> | undefined;
  }

  /** The oldest row of a channel. */
  oldestSerial(channel: number): number | undefined {
    const row = this.sql('SELECT min(serial) AS serial FROM messages WHERE channel = ?');
    return (row.get(channel) as { serial: number | null }).serial ?? undefined;
  }

  /** Drops serials `from` to before `to`. */
  dropMessages(channel: number, from: number, to: number): void {
    const dropped = this.sql(
      'DELETE FROM messages WHERE channel = ? AND serial >= ? AND serial < ?',
    );
    dropped.run(channel, from, to);
  }

  /** Keeps the id of a message, and nothing else that it said. */
  emptyMessage(channel: number, serial: number): void {
    const emptied = this.sql("UPDATE messages SET tail = '' WHERE channel = ? AND serial = ?");
    emptied.run(channel, serial);
  }

  // --- ids ---

  addId(channel: number, { serial, id, time }: Omit<IdRow, 'name'>, storedAt: number): void {
    const added = this.sql('INSERT INTO ids VALUES (NULL, ?, ?, ?, ?, ?)');
    added.run(channel, serial, id, time, storedAt);
  }

  /** In the order in which they were stored. */
  idsSince(time: number): Iterable<IdRow> {
    const rows = this.sql(
      `SELECT name, ids.serial, ids.id, ids.time FROM ids JOIN channels ON channels.key = ids.channel
       WHERE storedAt >= ? ORDER BY ids.key`,
    );
    return rows.iterate(time) as Iterable<unknown> as Iterable<IdRow>;
  }

  /**
   * Of the oldest `limit`, drops what was stored before `time`, or after `now`: by a clock that was wrong, it would keep
   * all that follow.
   *
   * @returns how many.
   */
  dropIds(time: number, now: number, limit: number): number {
    const dropped = this.sql(
      `DELETE FROM ids WHERE key IN (SELECT key FROM ids ORDER BY key LIMIT ?)
       AND (storedAt < ? OR storedAt > ?)`,
    );
    return Number(dropped.run(limit, time, now).changes);
  }

  // --- nonces ---

  nonces(): Iterable<NonceRow> {
    const rows = this.sql('SELECT * FROM nonces ORDER BY releasedAt NULLS LAST');
    return rows.iterate() as Iterable<unknown> as Iterable<NonceRow>;
  }

  setNonce(nonce: string, binding: KeptBinding | undefined): void {
    if (!binding) this.sql('DELETE FROM nonces WHERE nonce = ?').run(nonce);
    else
      this.sql('REPLACE INTO nonces VALUES (?, ?, ?)').run(
        nonce,
        binding.owner,
        binding.releasedAt ?? null,
      );
  }

  // --- the file ---

  /** Gives at most `pages` free pages back to the system; answers whether more than a quarter of the file is still free. */
  shrink(pages: number): boolean {
    const { free, total } = this.sql(
      `SELECT freelist_count AS free, page_count AS total FROM pragma_freelist_count, pragma_page_count`,
    ).get() as { free: number; total: number };
    if (free <= pages || free * 4 <= total) return false;
    this.database.exec(`PRAGMA incremental_vacuum(${pages})`);
    return (free - pages) * 4 > total - pages;
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }
}
