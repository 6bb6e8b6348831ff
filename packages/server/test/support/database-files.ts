/** Database files of a test file, in a folder that goes with it. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** @returns a function that names a file which is not there yet. */
export function databaseFiles(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'anywire-sqlite-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;
  return () => join(folder, `${++files}.db`);
}

/** The database as it is at this moment, as a machine that loses its power leaves it behind. */
export function copyDatabase(from: string, to: string): void {
  for (const suffix of ['', '-wal'])
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
}
