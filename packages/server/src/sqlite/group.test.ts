/** The group commit: what is in one transaction, and what becomes of one that fails. */
import { virtualClock } from '@anywire/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { databaseFiles } from '../../test/support/database-files.ts';
import { append, draft, ids, read } from '../../test/support/engine-bench.ts';
import { Frame } from '../frame.ts';
import { openDatabase } from './database.ts';
import { sqliteEngine, type SqliteEngine } from './sqlite.ts';
import { Tables } from './tables.ts';

const newFile = databaseFiles();
const engines: SqliteEngine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** An engine whose database can be looked into, and given no more room. */
async function open(): Promise<{
  engine: SqliteEngine;
  database: ReturnType<typeof openDatabase>;
  told: string[];
  logs: string[];
  commits: () => number;
}> {
  const database = openDatabase(newFile(), 'normal');
  const tables = new Tables(database);
  let commits = 0;
  const inTransaction = tables.transaction.bind(tables);
  tables.transaction = (work) => {
    commits += 1;
    return inTransaction(work);
  };
  const engine = sqliteEngine(tables, 120_000);
  engines.push(engine);
  const told: string[] = [];
  const logs: string[] = [];
  await engine.open({
    clock: virtualClock(),
    log: (_, text) => logs.push(text),
    retention: () => ({ size: 100_000, ttlMs: 3_600_000 }),
    message: (_, { serial, id }) => told.push(`${serial} ${id}`),
    volatile: (_, id) => told.push(`volatile ${id}`),
    presence: () => {},
    reset: () => {},
  });
  return { engine, database, told, logs, commits: () => commits };
}
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('publishes of one tick', () => {
  it('share a transaction, 300 of them in 30 channels', async () => {
    const { engine, commits } = await open();
    await Promise.all(numbers(300).map((n) => append(engine, `c${n % 30}`, `n:${n}`)));
    expect(commits()).toBe(1);
  });

  it('are split into transactions of 512 messages, or of 1 MiB', async () => {
    const many = await open();
    await Promise.all(numbers(1_100).map((n) => append(many.engine, 'c', `n:${n}`)));
    expect(many.commits()).toBe(3);
    const large = await open();
    const tail = `,"d":"${'x'.repeat(65_000)}"}`;
    await Promise.all(
      numbers(40).map(async (n) => large.engine.append('c', { ...draft(`n:${n}`), tail })),
    );
    expect(large.commits()).toBe(3);
  });

  it('let the loop turn between two transactions', async () => {
    const { engine, commits } = await open();
    const all = Promise.all(numbers(2_000).map((n) => append(engine, 'c', `n:${n}`)));
    const seen: number[] = [];
    let isDone = false;
    void all.then(() => (isDone = true));
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(commits());
    }
    expect([...new Set(seen)]).toEqual([1, 2, 3, 4]);
  });

  it('are told after the commit, in their order, and before their answers', async () => {
    const { engine, told } = await open();
    await engine.subscribe('c');
    const appended = append(engine, 'c', 'n:1').then(() => told.push('answer 1'));
    void append(engine, 'c', 'n:2');
    void engine.broadcast('c', 'n:3', new Frame('{}'));
    const last = append(engine, 'c', 'n:4');
    await Promise.resolve();
    expect(told).toEqual([]);
    await Promise.all([appended, last]);
    expect(told).toEqual(['1 n:1', '2 n:2', 'volatile n:3', '3 n:4', 'answer 1']);
  });

  it('are stored when the engine is closed before their tick is over', async () => {
    const { engine, told } = await open();
    await engine.subscribe('c');
    const all = Promise.all(numbers(600).map((n) => append(engine, 'c', `n:${n}`)));
    await engine.close();
    expect(await all).toHaveLength(600);
    expect(told).toHaveLength(600);
    await engine.close();
  });
});

describe('a full disk', () => {
  const large = `,"d":"${'x'.repeat(60_000)}"}`;

  it('refuses all of its tick for now, tells nobody, and gives their serials to the next ones', async () => {
    const { engine, database, told, logs } = await open();
    await engine.subscribe('c');
    await append(engine, 'c', 'n:1');
    database.exec('PRAGMA max_page_count = 1'); // no less than it has
    const tries = await Promise.allSettled([
      append(engine, 'c', 'n:2'),
      engine.append('c', { ...draft('n:3'), tail: large }),
      append(engine, 'new', 'n:4'),
      append(engine, 'c', 'n:2'),
    ]);
    for (const each of tries)
      expect(each).toMatchObject({
        status: 'rejected',
        reason: { code: 'server_error', retryable: true, cause: { errcode: 13 } },
      });
    expect(told).toEqual(['1 n:1']);
    expect(logs).toEqual(['a transaction failed']);
    expect(await read(engine, {})).toMatchObject({ serial: 1, id: 'n:1', more: false });
    expect(await read(engine, {}, 'new')).toMatchObject({ serial: 0, entries: [] });

    database.exec('PRAGMA max_page_count = 1000000');
    expect(await append(engine, 'c', 'n:3')).toMatchObject({ serial: 2, duplicate: false });
    expect(await append(engine, 'c', 'n:2')).toMatchObject({ serial: 3, duplicate: false });
    expect(await append(engine, 'new', 'n:4')).toMatchObject({ serial: 1, duplicate: false });
    expect(told).toEqual(['1 n:1', '2 n:3', '3 n:2']);
    expect(ids(await read(engine, {}))).toEqual(['n:1', 'n:3', 'n:2']);
  });

  it('does not keep a volatile message, or a read that waits behind a publish', async () => {
    const { engine, database, told } = await open();
    await engine.subscribe('c');
    database.exec('PRAGMA max_page_count = 1');
    const failed = engine.append('c', { ...draft('n:1'), tail: large }) as Promise<unknown>;
    const reading = read(engine, {});
    const telling = engine.broadcast('c', 'n:2', new Frame('{}'));
    await expect(failed).rejects.toMatchObject({ code: 'server_error' });
    expect(await reading).toMatchObject({ serial: 0, entries: [] });
    await telling;
    expect(told).toEqual(['volatile n:2']);
  });

  it('refuses a channel that it has no room for, and takes it later', async () => {
    const { engine, database } = await open();
    const subscribe = async (name: string): Promise<void> => engine.subscribe(name);
    database.exec('PRAGMA max_page_count = 1');
    const names = numbers(200).map((n) => `${n} ${'x'.repeat(200)}`);
    const tries = await Promise.allSettled(names.map(subscribe));
    expect(tries[0]).toMatchObject({ reason: { code: 'server_error' } });
    database.exec('PRAGMA max_page_count = 1000000');
    await Promise.all(names.map(subscribe));
    expect((await read(engine, {}, names[0] ?? '')).epoch).not.toBe('none');
  });
});
