/** What every engine must do with messages: append once, read both ways, forget in time. */
import { describe, expect, it } from 'vitest';
import { Frame, type Retention } from '../../src/index.ts';
import { append, fill, ids, read, second, type Opened } from './engine-bench.ts';

const window = 120 * second;

export function describeMessages(
  name: string,
  open: (retention?: Retention) => Promise<Opened>,
): void {
  describe(`${name}: append`, () => {
    it('gives serials from 1 on, without a hole, in each channel by itself', async () => {
      const { engine } = await open();
      const appended = [];
      for (const channel of ['a', 'b', 'a', '__proto__', 'a'])
        appended.push(await append(engine, channel, `n:${appended.length}`));
      expect(appended.map(({ serial }) => serial)).toEqual([1, 1, 2, 1, 3]);
    });

    it('gives 200 publishes at once 200 serials, and reports them in order', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      const all = Array.from({ length: 200 }, (_, n) => append(engine, 'c', `n:${n}`));
      const serials = (await Promise.all(all)).map(({ serial }) => serial);
      expect(new Set(serials).size).toBe(200);
      await expect
        .poll(() => reported.messages.map(({ entry }) => entry.serial))
        .toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    });

    it('finishes the frame: the channel, the serial, then what the draft held', async () => {
      const { engine } = await open();
      await append(engine, 'é"', 'n:1', 5);
      const { entries } = await read(engine, {}, 'é"');
      expect(entries[0]?.frame.text).toBe(
        '{"t":"message","c":"é\\"","s":1,"i":"n:1","e":"m","ts":5,"d":"n:1"}',
      );
      expect(entries[0]).toMatchObject({ serial: 1, id: 'n:1', timestamp: 5 });
    });

    it('stores an id once in a channel, and answers what it answered first', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('a');
      const first = await append(engine, 'a', 'n:1', 5);
      const again = await append(engine, 'a', 'n:1', 9);
      const elsewhere = await append(engine, 'b', 'n:1', 9);
      expect(first).toEqual({ serial: 1, timestamp: 5, duplicate: false });
      expect(again).toEqual({ serial: 1, timestamp: 5, duplicate: true });
      expect(elsewhere).toEqual({ serial: 1, timestamp: 9, duplicate: false });
      expect(reported.messages.filter(({ channel }) => channel === 'a')).toHaveLength(1);
    });

    it('stores one of 20 tries of one id at once', async () => {
      const { engine } = await open();
      const tries = await Promise.all(Array.from({ length: 20 }, () => append(engine, 'c', 'n:1')));
      expect(tries.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(new Set(tries.map(({ serial }) => serial))).toEqual(new Set([1]));
    });

    it('knows an id for 120 s, also when its message is no longer stored', async () => {
      const { engine, pass } = await open({ size: 1, ttlMs: second });
      await append(engine, 'c', 'n:1');
      await append(engine, 'c', 'n:2');
      await pass(window - second);
      expect(await append(engine, 'c', 'n:1')).toMatchObject({ serial: 1, duplicate: true });
    });

    it('knows an id for 120 s, whenever it came', async () => {
      const { engine, pass } = await open();
      for (let n = 0; n < 12; n++) {
        await append(engine, 'c', `n:${n}`);
        await pass(25 * second);
        for (let back = n; back > Math.max(-1, n - 4); back--)
          expect(await append(engine, 'c', `n:${back}`)).toMatchObject({
            serial: back + 1,
            duplicate: true,
          });
      }
    });

    it('keeps the order of 4 calls of which none was waited for', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      const calls = [
        append(engine, 'c', 'n:1'),
        read(engine, {}),
        append(engine, 'c', 'n:2'),
        read(engine, { direction: 'backwards' }),
      ] as const;
      const [, early, , late] = await Promise.all(calls);
      // The message was there when it was asked for; one that came later may be there too.
      expect(ids(early)[0]).toBe('n:1');
      expect(ids(late)).toEqual(['n:2', 'n:1']);
      expect(late).toMatchObject({ serial: 2, id: 'n:2', first: 1, more: false, complete: true });
      await expect
        .poll(() => reported.messages.map(({ entry }) => entry.id))
        .toEqual(['n:1', 'n:2']);
    });

    it('tells a volatile message after the message that was given before it', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      const stored = append(engine, 'c', 'n:1');
      await engine.broadcast('c', 'n:2', new Frame('{"volatile":true}'));
      await stored;
      await expect.poll(() => reported.order).toEqual(['n:1', 'n:2']);
    });

    it('hands a volatile message on, and stores nothing', async () => {
      const { engine, reported } = await open();
      await engine.subscribe('c');
      await engine.broadcast('c', 'n:1', new Frame('{"volatile":true}'));
      await expect
        .poll(() => reported.volatile)
        .toEqual([{ channel: 'c', id: 'n:1', text: '{"volatile":true}' }]);
      expect(await read(engine, {})).toMatchObject({ serial: 0, entries: [] });
    });
  });

  describe(`${name}: read`, () => {
    it('reads forwards after a serial, and backwards at or before it', async () => {
      const { engine } = await open();
      await fill(engine, 5);
      expect(ids(await read(engine, {}))).toEqual(['n:1', 'n:2', 'n:3', 'n:4', 'n:5']);
      expect(ids(await read(engine, { from: 3 }))).toEqual(['n:4', 'n:5']);
      expect(ids(await read(engine, { direction: 'backwards' }))).toEqual(
        ['n:5', 'n:4', 'n:3', 'n:2', 'n:1'], // prettier-ignore
      );
      expect(ids(await read(engine, { direction: 'backwards', from: 2 }))).toEqual(['n:2', 'n:1']);
    });

    it('says where the channel stands, also with a limit of 0', async () => {
      const { engine } = await open({ size: 3, ttlMs: 3_600 * second });
      await fill(engine, 5);
      const slice = await read(engine, { limit: 0 });
      expect(slice).toMatchObject({ serial: 5, id: 'n:5', first: 3, entries: [] });
      expect(slice.epoch).toMatch(/^[\w-]{1,64}$/);
      expect((await read(engine, {})).epoch).toBe(slice.epoch);
    });

    it('says whether more follows: by the limit, and by the bytes, of which one entry is free', async () => {
      const { engine } = await open();
      await fill(engine, 3);
      const [size = 0] = (await read(engine, {})).entries.map(({ frame }) => frame.bytes);
      expect(await read(engine, { limit: 3 })).toMatchObject({ more: false });
      expect(await read(engine, { limit: 2 })).toMatchObject({ more: true });
      expect(ids(await read(engine, { maxBytes: 2 * size }))).toEqual(['n:1', 'n:2']);
      expect(ids(await read(engine, { maxBytes: 1 }))).toEqual(['n:1']);
      expect(await read(engine, { maxBytes: 1 })).toMatchObject({ more: true });
    });

    it('reads between two times, both inclusive, in both directions', async () => {
      const { engine } = await open();
      await fill(engine, 5);
      const between = { start: 20, end: 40 };
      expect(ids(await read(engine, between))).toEqual(['n:2', 'n:3', 'n:4']);
      const back = await read(engine, { ...between, direction: 'backwards', limit: 2 });
      expect(ids(back)).toEqual(['n:4', 'n:3']);
      expect(back.more).toBe(true);
      expect((await read(engine, { ...between, from: 2, limit: 2 })).more).toBe(false);
    });

    it('says what id is stored at the position asked for', async () => {
      const { engine } = await open({ size: 2, ttlMs: 3_600 * second });
      await fill(engine, 4);
      expect((await read(engine, { from: 3 })).anchorId).toBe('n:3');
      // That of 2 may be known, so that a resume after it sees whether the store went back in time.
      expect((await read(engine, { from: 1 })).anchorId).toBeUndefined();
      expect((await read(engine, { from: 9 })).anchorId).toBeUndefined();
    });

    it('is incomplete where retention cut off what was asked for', async () => {
      const { engine } = await open({ size: 3, ttlMs: 3_600 * second });
      await fill(engine, 3);
      expect((await read(engine, {})).complete).toBe(true);
      await append(engine, 'c', 'n:4', 40); // 1 is gone, 2 to 4 are stored
      expect((await read(engine, {})).complete).toBe(false);
      expect((await read(engine, { from: 1 })).complete).toBe(true);
      expect((await read(engine, { direction: 'backwards' })).complete).toBe(false);
      // The page before the gap is whole; the cut is told at its end.
      expect((await read(engine, { direction: 'backwards', limit: 2 })).complete).toBe(true);
      // Everything since 30 is stored.
      expect((await read(engine, { start: 30 })).complete).toBe(true);
      expect((await read(engine, { start: 30, direction: 'backwards' })).complete).toBe(true);
    });

    it('of a channel that does not exist finds nothing', async () => {
      const { engine } = await open();
      expect(await read(engine, { direction: 'backwards' }, 'nowhere')).toMatchObject({
        serial: 0,
        first: 1,
        entries: [],
        complete: true,
      });
    });
  });

  describe(`${name}: retention`, () => {
    it('keeps the newest messages, as many as the channel keeps', async () => {
      const { engine } = await open({ size: 3, ttlMs: 3_600 * second });
      await fill(engine, 10);
      expect(ids(await read(engine, {}))).toEqual(['n:8', 'n:9', 'n:10']);
    });

    it('drops a message when it is too old, and keeps counting', async () => {
      const { engine, clock, pass } = await open({ size: 100, ttlMs: 60 * second });
      await engine.subscribe('c');
      await append(engine, 'c', 'n:1', clock.now());
      await pass(40 * second);
      await append(engine, 'c', 'n:2', clock.now());
      await pass(40 * second);
      expect(await read(engine, {})).toMatchObject({ first: 2, serial: 2, id: 'n:2' });
      await pass(60 * second);
      expect(await read(engine, {})).toMatchObject({ first: 3, serial: 2, id: 'n:2', entries: [] });
      expect(await append(engine, 'c', 'n:3', clock.now())).toMatchObject({ serial: 3 });
    });

    it('remembers a channel without messages for 120 s after its last subscriber left', async () => {
      const { engine, pass } = await open();
      await engine.subscribe('c');
      const { epoch } = await read(engine, {});
      await pass(2 * window);
      await engine.unsubscribe('c');
      await pass(window - second);
      expect((await read(engine, {})).epoch).toBe(epoch);
    });
  });
}
