/** Which files are opened, and what is said of the others. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RealtimeError } from '@anywire/core/errors';
import { describe, expect, it } from 'vitest';
import { databaseFiles } from '../../test/support/database-files.ts';
import { openDatabase } from './database.ts';

const newFile = databaseFiles();
const root = new URL('../../../../', import.meta.url);

/** What `file` is refused with, as the app reads it. */
function refusalOf(file: string): string {
  try {
    openDatabase(file, 'normal').close();
  } catch (error) {
    if (RealtimeError.is(error, 'invalid')) return error.message.replace(dirname(file), '');
    throw error;
  }
  return 'opened';
}
const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

describe('a database', () => {
  it('is made with a log, one user, and free pages that can be given back', () => {
    const database = openDatabase(newFile(), 'normal');
    const names = ['journal_mode', 'locking_mode', 'auto_vacuum', 'synchronous', 'user_version'];
    expect(names.map((name) => pragma(database, name))).toEqual(['wal', 'exclusive', 2, 1, 1]);
    database.close();
  });

  it('waits for the disk with each commit where a power cut may take nothing', () => {
    const database = openDatabase(newFile(), 'full');
    expect(pragma(database, 'synchronous')).toBe(2);
    database.close();
  });

  it('opens again, with what was in it', () => {
    const file = newFile();
    const first = openDatabase(file, 'normal');
    first.exec(`INSERT INTO nonces VALUES ('n', 'ann', 1)`);
    first.close();
    const second = openDatabase(file, 'full');
    expect(second.prepare('SELECT owner FROM nonces').get()).toEqual({ owner: 'ann' });
    second.close();
  });

  it('can live in memory alone', () => {
    expect(refusalOf(':memory:')).toBe('opened');
  });

  it('is refused while another process has it, and free when that one was killed', () => {
    const file = newFile();
    const database = openDatabase(file, 'normal');
    const script = `
      const { openDatabase } = await import(${JSON.stringify(new URL('./database.ts', import.meta.url).href)});
      try {
        openDatabase(process.argv[1], 'normal');
      } catch (error) {
        console.log(error.message);
        process.exit();
      }
      console.log('opened');
      process.kill(process.pid, 'SIGKILL');
    `;
    const inChild = (): string => {
      const args = ['--conditions=@anywire/source', '--input-type=module', '-e', script, file];
      try {
        return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      } catch (error) {
        return String((error as { stdout: string }).stdout); // killed
      }
    };
    expect(inChild()).toContain(`"${file}" cannot be opened: another process uses it`);
    database.close();
    expect(inChild()).toBe('opened\n');
    expect(refusalOf(file)).toBe('opened');
  });

  it('is refused when this process has it already', () => {
    const file = newFile();
    const database = openDatabase(file, 'normal');
    expect(refusalOf(file)).toContain('another process uses it');
    database.close();
  });

  it('is refused when a newer version has written it', () => {
    const file = newFile();
    const database = openDatabase(file, 'normal');
    database.exec('PRAGMA user_version = 9');
    database.close();
    expect(refusalOf(file)).toContain('a newer version (its schema is 9, this version knows 1)');
  });

  it('is refused, and left as it was, when it belongs to something else', () => {
    const file = newFile();
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE notes (text)');
    other.close();
    const before = readFileSync(file);
    expect(refusalOf(file)).toContain('is the database of something else');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('is refused when it is no database', () => {
    const file = newFile();
    writeFileSync(file, 'Dear diary, '.repeat(100));
    expect(refusalOf(file)).toContain('it is no database');
  });

  it('is refused in a folder that is not there', () => {
    expect(refusalOf(`${newFile()}/nowhere/a.db`)).toContain('there is no such folder');
  });
});
