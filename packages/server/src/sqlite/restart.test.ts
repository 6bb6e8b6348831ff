/** What a database remembers: of a process that ended in the middle, and of a machine that went back in time. */
import { formatCursor } from '@anywire/protocol';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { copyDatabase, databaseFiles } from '../../test/support/database-files.ts';
import { append, draft, fill, ids, read, second } from '../../test/support/engine-bench.ts';
import type { Engine, EngineHost, Entry, Retention } from '../engine.ts';
import { Frame } from '../frame.ts';
import { resumeAt } from '../resume.ts';
import { sqlite } from './sqlite.ts';

const newFile = databaseFiles();
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** Messages of the suite are from then. */
const clockOf1970 = (): VirtualClock => virtualClock(second);
const hour = 3_600 * second;
const ample: Retention = { size: 1_000, ttlMs: 24 * hour };

async function open(
  file: string,
  clock: VirtualClock = clockOf1970(),
  retention = ample,
): Promise<Engine & { readonly size: number }> {
  const engine = sqlite({ file });
  engines.push(engine);
  const nothing = (): void => {};
  const sink = { message: nothing, volatile: nothing, presence: nothing, reset: nothing };
  await engine.open({ clock, log: nothing, retention: () => retention, ...sink });
  return engine;
}

/** The file as it was left by a process that was killed at this moment, and an engine on it. */
async function killed(
  file: string,
  clock?: VirtualClock,
  retention?: Retention,
): Promise<ReturnType<typeof open>> {
  const copy = newFile();
  copyDatabase(file, copy);
  return open(copy, clock, retention);
}

describe('after a process was killed', () => {
  it('epoch, serials and history are the same, and the next serial follows', async () => {
    const file = newFile();
    const before = await open(file);
    await before.subscribe('c');
    await fill(before, 5);
    const known = await read(before, {});
    const after = await killed(file);
    expect(await read(after, {})).toEqual(known);
    expect(await append(after, 'c', 'n:6', 60)).toMatchObject({ serial: 6, duplicate: false });
    expect(ids(await read(after, { from: 4 }))).toEqual(['n:5', 'n:6']);
  });

  it('a channel that was attached to, and has no message, has its epoch', async () => {
    const file = newFile();
    const before = await open(file);
    await before.subscribe('c');
    const { epoch } = await read(before, {});
    expect((await read(await killed(file), {})).epoch).toBe(epoch);
  });

  it('nothing is in the file of a publish that was not answered, or all of it', async () => {
    const file = newFile();
    const before = await open(file);
    await append(before, 'c', 'n:1');
    const unanswered = append(before, 'c', 'n:2');
    const after = await killed(file);
    expect(ids(await read(after, {}))).toEqual(['n:1']);
    await unanswered;
    expect(ids(await read(await killed(file), {}))).toEqual(['n:1', 'n:2']);
  });

  it('an id is known for 120 s, also of a message that is no longer stored', async () => {
    const file = newFile();
    const clock = clockOf1970();
    const retention = { size: 2, ttlMs: hour };
    const before = await open(file, clock, retention);
    for (let n = 1; n <= 200; n++) await append(before, 'c', `n:${n}`, n);
    await clock.advance(110 * second);
    const after = await killed(file, clock, retention);
    for (const n of [1, 99, 198, 200])
      expect(await append(after, 'c', `n:${n}`, 999)).toEqual({
        serial: n,
        timestamp: n,
        duplicate: true,
      });
    expect(await append(after, 'c', 'n:201')).toMatchObject({ serial: 201 });
    await clock.advance(300 * second);
    expect(await append(after, 'c', 'n:1')).toMatchObject({ serial: 202, duplicate: false });
  });

  it('a nonce belongs to its owner for a day, whether it was in use or not', async () => {
    const file = newFile();
    const clock = clockOf1970();
    const before = await open(file, clock);
    await before.claim('used', ['ann']);
    await before.claim('released', ['ann']);
    await append(before, 'c', 'released:1');
    await before.release('released');
    await append(before, 'c', 'used:1');
    const after = await killed(file, clock);
    expect(await after.claim('used', ['bob'])).toBe(false);
    expect(await after.claim('released', ['bob'])).toBe(false);
    expect(await after.claim('used', ['ann'])).toBe(true);
    await clock.advance(25 * hour);
    expect(await after.claim('used', ['bob'])).toBe(false);
    expect(await after.claim('released', ['bob'])).toBe(true);
  });

  it('a nonce that no message has shown is free: its owner may not know how to prove it', async () => {
    const file = newFile();
    const before = await open(file);
    for (const nonce of ['silent', 'spoke', 'volatile']) await before.claim(nonce, ['secret']);
    await before.broadcast('c', 'volatile:1', new Frame('{}'));
    await append(before, 'c', 'spoke:1');
    const after = await killed(file);
    const claims = ['silent', 'spoke', 'volatile'].map(async (nonce) =>
      after.claim(nonce, ['another']),
    );
    expect(await Promise.all(claims)).toEqual([true, false, false]);
  });

  it('a nonce goes over to the name of a client that was anonymous, and not back', async () => {
    const file = newFile();
    const before = await open(file);
    await before.claim('n', ['secret']);
    await append(before, 'c', 'n:1');
    await before.claim('n', ['ann', 'secret']);
    await append(before, 'c', 'n:2');
    const after = await killed(file);
    expect(await after.claim('n', ['secret'])).toBe(false);
    expect(await after.claim('n', ['ann'])).toBe(true);
  });

  it('it is told what is too old by now, before the first sweep', async () => {
    const file = newFile();
    const clock = clockOf1970();
    const retention = { size: 100, ttlMs: 60 * second };
    const before = await open(file, clock, retention);
    for (const n of [1, 2, 3, 4]) {
      await append(before, 'c', `n:${n}`, clock.now());
      clock.jump(20 * second);
    }
    const after = await killed(file, clock, retention);
    expect(await read(after, {})).toMatchObject({ first: 3, serial: 4, complete: false });
    clock.jump(hour);
    const later = await killed(file, clock, retention);
    expect(await read(later, {})).toMatchObject({ first: 5, serial: 4, id: 'n:4', entries: [] });
  });

  it('fewer messages are kept when the app keeps fewer now', async () => {
    const file = newFile();
    await fill(await open(file), 50);
    const after = await killed(file, clockOf1970(), { size: 5, ttlMs: hour });
    expect(ids(await read(after, {}))).toEqual(['n:46', 'n:47', 'n:48', 'n:49', 'n:50']);
    expect(await append(after, 'c', 'n:51', 510)).toMatchObject({ serial: 51 });
    expect(await read(after, {})).toMatchObject({ first: 47, serial: 51 });
  });

  it('its members are gone: they enter again by themselves', async () => {
    const file = newFile();
    const before = await open(file);
    const ann = { clientId: 'ann', instanceId: 'i', connectionId: 'k', hold: 'k', data: '1' };
    await before.enter('c', ann, 9);
    await append(before, 'c', 'n:1');
    const { members, version } = await before.members('c');
    expect(members).toHaveLength(1);
    const after = await killed(file);
    expect(await after.members('c')).not.toMatchObject({ version });
    expect((await after.members('c')).members).toEqual([]);
  });

  it('bytes are read as they were told', async () => {
    const file = newFile();
    const before = sqlite({ file });
    engines.push(before);
    const told: Entry[] = [];
    const nothing = (): void => {};
    const host: EngineHost = {
      clock: clockOf1970(),
      log: nothing,
      retention: () => ample,
      message: (_, entry) => told.push(entry),
      volatile: nothing,
      presence: nothing,
      reset: nothing,
    };
    await before.open(host);
    await before.subscribe('c');
    const tail = `,"i":"n:1","e":"m","ts":1,"b":1,"d":"AP+A"}`;
    await before.append('c', { ...draft('n:1'), tail });
    const [entry] = (await read(await killed(file), {})).entries;
    expect(entry?.frame.text).toBe(`{"t":"message","c":"c","s":1${tail}`);
    expect(entry?.frame.text).toBe(told[0]?.frame.text);
  });
});

describe('after a power cut took the last 3 of 8 messages', () => {
  const size = 4;

  /** Five messages, the file of that moment, and where a client stood that saw eight. */
  async function backInTime(): Promise<{ engine: Engine; cursor: (at: number) => string }> {
    const file = newFile();
    const retention = { size, ttlMs: hour };
    const engine = await open(file, clockOf1970(), retention);
    await engine.subscribe('c');
    await fill(engine, 5);
    const back = newFile();
    copyDatabase(file, back);
    for (const n of [6, 7, 8]) await append(engine, 'c', `n:${n}`, n * 10);
    const { epoch } = await read(engine, { limit: 0 });
    return {
      engine: await open(back, clockOf1970(), retention),
      cursor: (serial) => formatCursor({ epoch, serial, id: `n:${serial}` }),
    };
  }
  const continuityOf = async (engine: Engine, cursor: string): Promise<string> => {
    const from = Number(cursor.split(':')[1]);
    return resumeAt(cursor, await read(engine, { from, limit: 0 })).continuity;
  };

  // Whatever was published since: fewer than were lost, as many, and so many that the place of the cursor is trimmed.
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 100])(
    'who saw all 8 is told that it is lost, after %i other messages',
    async (others) => {
      const { engine, cursor } = await backInTime();
      for (let n = 1; n <= others; n++) await append(engine, 'c', `other:${n}`, 100 + n);
      for (const seen of [6, 7, 8]) expect(await continuityOf(engine, cursor(seen))).toBe('lost');
    },
  );

  it('who saw what is still there resumes as kept, as long as the rest is stored', async () => {
    const { engine, cursor } = await backInTime();
    expect(await continuityOf(engine, cursor(5))).toBe('kept');
    for (let n = 1; n <= size; n++) {
      await append(engine, 'c', `other:${n}`, 100 + n);
      expect(await continuityOf(engine, cursor(5))).toBe('kept');
    }
    await append(engine, 'c', 'other:5', 200);
    expect(await continuityOf(engine, cursor(5))).toBe('lost');
  });
});
