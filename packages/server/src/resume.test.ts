import { describe, expect, it } from 'vitest';
import { resumeAt, startOf } from './resume.ts';

/** Serials 1 to 10 were given, 4 to 10 are stored. */
const stored = { epoch: 'e1', serial: 10, id: 'n:10', first: 4, anchorId: undefined };

describe('without a cursor', () => {
  it.each([
    [0, 10],
    [3, 7],
    [7, 3],
    [100, 3], // no more than is stored
  ])('a rewind of %i begins after serial %i', (rewind, after) => {
    expect(startOf(stored, rewind)).toEqual({ continuity: 'initial', after });
  });
});

describe('with a cursor', () => {
  it.each([
    // cursor, what is stored at it, continuity, begins after
    ['e1:10:n:10', 'n:10', 'kept', 10],
    ['e1:7:n:7', 'n:7', 'kept', 7],
    ['e1:4:n:4', 'n:4', 'kept', 4],
    ['e1:3:n:3', undefined, 'kept', 3], // its own message is gone, all after it are there
    ['e1:7:', 'n:7', 'kept', 7], // a position whose id is not known
    ['e1:2:n:2', undefined, 'lost', 3], // 3 is gone
    ['e1:0:', undefined, 'lost', 3],
    ['e0:10:n:10', 'n:10', 'lost', 3], // another life: everything is new
    ['e1:12:n:12', undefined, 'lost', 10], // the store forgot 11 and 12
    ['e1:7:other:7', 'n:7', 'lost', 7], // the store gave 7 to another message
    ['e1:10:other:9', undefined, 'lost', 10], // also where the newest is no longer stored
    ['nonsense', undefined, 'lost', 10],
  ] as const)('%s, where %s is stored, is %s after %i', (cursor, anchorId, continuity, after) => {
    expect(resumeAt(cursor, { ...stored, anchorId })).toMatchObject({ continuity, after });
  });

  it('is kept in a channel in which nothing was ever published', () => {
    const empty = { epoch: 'e1', serial: 0, id: '', first: 1, anchorId: undefined };
    expect(resumeAt('e1:0:', empty)).toEqual({ continuity: 'kept', after: 0 });
  });

  it('is lost with a reason, and kept without one', () => {
    expect(resumeAt('e0:1:x', stored).reason).toBe('the channel began anew');
    expect(resumeAt('e1:10:n:10', stored)).not.toHaveProperty('reason');
  });
});
