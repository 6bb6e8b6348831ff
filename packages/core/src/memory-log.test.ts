import { describe, expect, it } from 'vitest';
import type { HistoryQuery } from './contract.ts';
import { createLog, type Log } from './memory-log.ts';

/** A log that was told `count` messages, one each ms from 1 on, and keeps the last `size`. */
function logOf(count: number, size = 100, idWindowMs = 50): Log {
  const log = createLog('e1', size, idWindowMs);
  for (let n = 1; n <= count; n += 1) log.append(message(n));
  return log;
}
const message = (n: number): Parameters<Log['append']>[0] => ({
  id: `n:${n}`,
  event: 'e',
  data: `${n}`,
  extras: undefined,
  sequence: undefined,
  sender: { verified: true },
  timestamp: n,
});
const query = (given: Partial<HistoryQuery>): HistoryQuery => ({
  limit: 4,
  direction: 'backwards',
  ...given,
});

/** Reads every page and gives the serials, page by page. */
function pages(log: Log, given: Partial<HistoryQuery>): { serials: number[][]; complete: boolean } {
  const serials: number[][] = [];
  for (let next = given.from; ;) {
    const page = log.page(query({ ...given, ...(next !== undefined && { from: next }) }), 6);
    serials.push(page.entries.map(({ serial }) => serial));
    if (page.next === undefined) return { serials, complete: page.complete };
    next = page.next;
  }
}

describe('append', () => {
  it('counts from 1 and finds an id again for 50 ms, but not after 51', () => {
    const log = logOf(2);
    expect(log.append({ ...message(2), timestamp: 52 })).toMatchObject({
      duplicate: true,
      entry: { serial: 2, timestamp: 2 },
    });
    expect(log.append({ ...message(2), timestamp: 53 })).toMatchObject({
      duplicate: false,
      entry: { serial: 3 },
    });
  });
});

describe('after', () => {
  const log = logOf(10, 4); // keeps 7, 8, 9, 10

  it.each([
    ['e1:8:n:8', [9, 10]],
    ['e1:10:n:10', []],
    ['e1:6:n:6', [7, 8, 9, 10]],
    ['e1:5:n:5', 'the history does not reach back that far'],
    ['e1:11:n:11', 'the position is in the future'],
    ['e1:8:other:8', 'the history was rewritten'],
    ['e0:8:n:8', 'the epoch is gone'],
    ['nonsense', 'the epoch is gone'],
  ])('%s -> %j', (cursor, expected) => {
    const found = log.after(cursor);
    expect(typeof found === 'string' ? found : found.map(({ serial }) => serial)).toEqual(expected);
  });

  it('knows its own cursors, with the id of the message', () => {
    expect(log.cursor(9)).toBe('e1:9:n:9');
    expect(log.after(log.cursor(9))).toHaveLength(1);
    expect(createLog('e1', 4, 0).cursor(0)).toBe('e1:0:');
  });
});

describe('page', () => {
  it.each<[Partial<HistoryQuery>, number[][]]>([
    [
      {},
      [
        [10, 9, 8, 7],
        [6, 5, 4, 3],
        [2, 1],
      ],
    ],
    [
      { direction: 'forwards' },
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10],
      ],
    ],
    [
      { from: 'attach' },
      [
        [6, 5, 4, 3],
        [2, 1],
      ],
    ],
    [{ from: 'attach', direction: 'forwards' }, [[7, 8, 9, 10]]],
    [{ from: 'e1:3:n:3' }, [[3, 2, 1]]],
    [{ start: 4, end: 5 }, [[5, 4]]],
    [{ limit: 10 }, [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]],
  ])('%j reads %j', (given, expected) => {
    expect(pages(logOf(10), given)).toEqual({ serials: expected, complete: true });
  });

  it('of 10 messages of which 4 are kept, says which pages are cut off', () => {
    const log = logOf(10, 4);
    expect(pages(log, { limit: 3 })).toEqual({ serials: [[10, 9, 8], [7]], complete: false });
    expect(log.page(query({ limit: 3 }), 0).complete).toBe(true); // newest first: nothing is cut off yet
    expect(log.page(query({ direction: 'forwards' }), 0).complete).toBe(false);
    expect(log.page(query({ direction: 'forwards', from: log.cursor(6) }), 0).complete).toBe(true);
    expect(log.page(query({ start: 9 }), 0).complete).toBe(true);
  });

  it('refuses a cursor of another epoch, and `attach` where nothing is attached', () => {
    const log = logOf(1);
    expect(() => log.page(query({ from: 'e0:1:n:1' }), 0)).toThrow('history_expired');
    expect(() => log.page(query({ from: 'attach' }), undefined)).toThrow('invalid');
  });
});
