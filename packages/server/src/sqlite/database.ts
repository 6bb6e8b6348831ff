/**
 * The database file: opened, found to be ours, brought to the schema of this version.
 *
 * One process has it: the lock is taken here and held until the file is closed, or the process ends, however it ends.
 * Nothing of a file is changed before it is known to be ours.
 *
 * @see docs/decisions/0011-sqlite.md · database.test.ts
 */
import { DatabaseSync } from 'node:sqlite';
import { RealtimeError } from '@anywire/core/errors';

/** What a power cut may take: the commits since the last checkpoint, or nothing. */
export type Durability = 'normal' | 'full';

/** `AnyW`, in the header of the file. @see https://www.sqlite.org/fileformat.html#application_id */
const applicationId = 0x416e_7957;
/** How long a process that is about to end may still hold the file, in ms. The app waits for it, at its start. */
const lockWaitMs = 1_000;
/** Of the write-ahead log after a burst: 4 checkpoints. */
const logBytes = 16_777_216;

/**
 * Each step makes the next `user_version`. What was released is never changed, only followed.
 *
 * `channels.first` is the oldest message that counts as stored; rows before it wait to be deleted, all but the last, whose id
 * tells a resume that the store went back in time. `channels.due` is when the sweep has to look.
 * `ids` is a log in the order of the commits: what is known of a publish, also when its message is gone.
 */
const migrations = [
  `CREATE TABLE channels (
     key INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
     serial INTEGER NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, first INTEGER NOT NULL,
     due INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX channels_due ON channels (due);
   CREATE TABLE messages (
     key INTEGER PRIMARY KEY,
     channel INTEGER NOT NULL, serial INTEGER NOT NULL,
     id TEXT NOT NULL, time INTEGER NOT NULL, tail TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX messages_place ON messages (channel, serial);
   CREATE TABLE ids (
     key INTEGER PRIMARY KEY,
     channel INTEGER NOT NULL, serial INTEGER NOT NULL,
     id TEXT NOT NULL, time INTEGER NOT NULL, storedAt INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE nonces (
     nonce TEXT PRIMARY KEY, owner TEXT NOT NULL, releasedAt INTEGER
   ) STRICT, WITHOUT ROWID;`,
] as const;

/** Opens `file`, and creates it if there is none. @throws {RealtimeError} invalid, with what is wrong with it */
export function openDatabase(file: string, durability: Durability): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    prepare(database, durability);
    return database;
  } catch (cause) {
    database?.close();
    if (RealtimeError.is(cause)) throw cause;
    throw refusal(file, cause);
  }

  function prepare(opened: DatabaseSync, durable: Durability): void {
    opened.exec(`PRAGMA busy_timeout = ${lockWaitMs}; PRAGMA locking_mode = EXCLUSIVE;`);
    const version = versionOf(opened, file);
    // Free pages go back to the system in small steps. It can be chosen only while there is no table.
    if (version === 0) opened.exec('PRAGMA auto_vacuum = INCREMENTAL;');
    opened.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durable === 'full' ? 'FULL' : 'NORMAL'};
       PRAGMA journal_size_limit = ${logBytes}; PRAGMA cache_size = -16000;`,
    );
    // Also takes the lock, where there is nothing to do.
    opened.exec('BEGIN IMMEDIATE;');
    for (const step of migrations.slice(version)) opened.exec(step);
    opened.exec(
      `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT;`,
    );
  }
}

/** The schema that a file has; 0 for a new one. @throws {RealtimeError} invalid */
function versionOf(database: DatabaseSync, file: string): number {
  const numberOf = (sql: string): number =>
    Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
  const owner = numberOf('PRAGMA application_id');
  const version = numberOf('PRAGMA user_version');
  if (owner === 0 && version === 0 && numberOf('SELECT count(*) FROM sqlite_schema') === 0)
    return 0;
  if (owner !== applicationId)
    throw new RealtimeError('invalid', `"${file}" is the database of something else`);
  if (version > migrations.length)
    throw new RealtimeError(
      'invalid',
      `"${file}" was written by a newer version (its schema is ${version}, this version knows ${migrations.length})`,
    );
  return version;
}

/** By SQLite's result code. @see https://www.sqlite.org/rescode.html */
// prettier-ignore
const reasons: ReadonlyMap<unknown, string> = new Map([
  [5,  'another process uses it'],                       // SQLITE_BUSY
  [8,  'it may not be written'],                         // SQLITE_READONLY
  [11, 'it is damaged'],                                 // SQLITE_CORRUPT
  [14, 'there is no such folder, or it may not be read'], // SQLITE_CANTOPEN
  [26, 'it is no database'],                             // SQLITE_NOTADB
]);

function refusal(file: string, cause: unknown): RealtimeError {
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0;
  const reason = reasons.get(code) ?? (cause instanceof Error ? cause.message : String(cause));
  return new RealtimeError('invalid', `"${file}" cannot be opened: ${reason}`, { cause });
}
