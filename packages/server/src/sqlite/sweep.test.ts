/** Forgetting: of messages, channels and ids; in the file, after a restart too, and without holding up the loop. */
import { statSync } from 'node:fs';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { scale } from '../../../../tests/tier.ts';
import { databaseFiles } from '../../test/support/database-files.ts';
import { draft, ids, read, second } from '../../test/support/engine-bench.ts';
import type { Engine, Retention } from '../engine.ts';
import { openDatabase } from './database.ts';
import { sqliteEngine, type SqliteEngine } from './sqlite.ts';
import { Tables } from './tables.ts';

const newFile = databaseFiles();
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

const minute = 60 * second;

interface Opened {
  readonly engine: SqliteEngine;
  /** Rows of a table. */
  count(table: string): number;
}

async function open(
  file: string,
  clock: VirtualClock,
  retention: Retention | ((channel: string) => Retention),
): Promise<Opened> {
  const database = openDatabase(file, 'normal');
  const engine = sqliteEngine(new Tables(database), 120_000);
  engines.push(engine);
  const nothing = (): void => {};
  await engine.open({
    clock,
    log: (_, text) => expect(text).toBe('nothing'),
    retention: typeof retention === 'function' ? retention : () => retention,
    ...{ message: nothing, volatile: nothing, presence: nothing, reset: nothing },
  });
  const count = (table: string): number =>
    Number(Object.values(database.prepare(`SELECT count(*) FROM ${table}`).get() ?? {})[0]);
  return { engine, count };
}
const publish = async (engine: Engine, channel: string, id: string, at: number): Promise<unknown> =>
  engine.append(channel, draft(id, at));

describe('sqlite: forgetting', { timeout: 60_000 }, () => {
  const names = scale(5_000, 50_000);
  it(`holds none of ${names} names that were published to or attached to once, in the file or beside it`, async () => {
    const clock = virtualClock();
    const { engine, count } = await open(newFile(), clock, { size: 10, ttlMs: minute });
    const all: unknown[] = [];
    for (let n = 0; n < names; n++) {
      if (n % 2 === 0) all.push(publish(engine, `name ${n}`, 'n:1', clock.now()));
      else all.push(engine.subscribe(`name ${n}`));
    }
    await Promise.all(all);
    for (let n = 1; n < names; n += 2) await engine.unsubscribe(`name ${n}`);
    expect([engine.size, count('channels')]).toEqual([names, names]);
    await clock.advance(10 * minute);
    const left = ['channels', 'messages', 'ids'].map(count);
    expect([engine.size, ...left]).toEqual([0, 0, 0, 0]);
  });

  it('spares a channel with a subscriber, a member or a message', async () => {
    const clock = virtualClock();
    const { engine, count } = await open(newFile(), clock, { size: 10, ttlMs: 60 * minute });
    await engine.subscribe('subscribed');
    const ann = { clientId: 'ann', instanceId: 'i', connectionId: 'k', hold: 'k', data: '1' };
    await engine.enter('entered', ann, 9);
    await publish(engine, 'published', 'n:1', clock.now());
    const { epoch } = await read(engine, {}, 'subscribed');
    await clock.advance(30 * minute);
    expect(count('channels')).toBe(2);
    expect((await engine.members('entered')).members).toHaveLength(1);
    expect(ids(await read(engine, {}, 'published'))).toEqual(['n:1']);
    await clock.advance(40 * minute);
    expect(count('channels')).toBe(1);
    expect((await read(engine, {}, 'subscribed')).epoch).toBe(epoch);
  });

  it('gives the clients of a channel 120 s to come back after a restart, and no more', async () => {
    const file = newFile();
    const clock = virtualClock();
    const retention = { size: 10, ttlMs: minute };
    const before = await open(file, clock, retention);
    await before.engine.subscribe('c');
    const { epoch } = await read(before.engine, {});
    await before.engine.close();
    await clock.advance(60 * minute); // it was off for an hour
    const after = await open(file, clock, retention);
    await clock.advance(119 * second);
    expect((await read(after.engine, {})).epoch).toBe(epoch);
    await clock.advance(10 * minute);
    expect(after.count('channels')).toBe(0);
  });

  it('drops what a run before has left, also when the app keeps less now', async () => {
    const file = newFile();
    const clock = virtualClock();
    const before = await open(file, clock, { size: 5_000, ttlMs: 24 * 60 * minute });
    const all = Array.from({ length: 4_000 }, (_, n) =>
      publish(before.engine, `c${n % 4}`, `n:${n}`, clock.now()),
    );
    await Promise.all(all);
    await before.engine.close();
    const after = await open(file, clock, { size: 100, ttlMs: 24 * 60 * minute });
    await clock.advance(61 * minute);
    // Of each channel 100 messages, and the id before them.
    expect(after.count('messages')).toBe(404);
    expect((await read(after.engine, {}, 'c0')).first).toBe(901);
  });

  it('keeps a few rows more than it must while it is written to, never many', async () => {
    const clock = virtualClock();
    const { engine, count } = await open(newFile(), clock, { size: 50, ttlMs: minute });
    for (let n = 1; n <= 1_000; n++) {
      await publish(engine, 'c', `n:${n}`, clock.now());
      expect(count('messages')).toBeLessThanOrEqual(50 + 1 + 64);
    }
    expect((await read(engine, {})).entries).toHaveLength(50);
  });

  it('leaves nothing in the file of what a message said that is too old', async () => {
    const file = newFile();
    const clock = virtualClock();
    const { engine, count } = await open(file, clock, { size: 50, ttlMs: minute });
    await engine.subscribe('c');
    for (let n = 1; n <= 5; n++) await publish(engine, 'c', `n:${n}`, clock.now());
    await clock.advance(10 * minute);
    expect(count('messages')).toBe(1);
    expect(count(`messages WHERE tail = '' AND id = 'n:5'`)).toBe(1);
    expect(await read(engine, { from: 5 })).toMatchObject({ anchorId: 'n:5', entries: [] });
  });

  it('drops rows of a clock that was wrong once', async () => {
    const file = newFile();
    const wrong = virtualClock(2_000_000_000_000);
    const before = await open(file, wrong, { size: 10, ttlMs: minute });
    for (let n = 0; n < 10; n++) await publish(before.engine, 'c', `n:${n}`, wrong.now());
    await before.engine.close();
    const clock = virtualClock();
    const { engine, count } = await open(file, clock, { size: 10, ttlMs: minute });
    await publish(engine, 'c', 'n:10', clock.now());
    await clock.advance(10 * minute);
    expect(count('ids')).toBe(0);
  });

  it('gives the room of what is gone back to the system', async () => {
    const file = newFile();
    const clock = virtualClock();
    const { engine } = await open(file, clock, { size: 10_000, ttlMs: minute });
    const tail = `,"d":"${'x'.repeat(4_000)}"}`;
    const all = Array.from({ length: 5_000 }, async (_, n) =>
      engine.append('c', { id: `n:${n}`, timestamp: clock.now(), tail }),
    );
    await Promise.all(all);
    await clock.advance(10 * minute);
    await engine.close();
    expect(statSync(file).size).toBeLessThan(2_500_000); // it had 20 MB
  });
});
