import { describe, expect, it } from 'vitest';
import { testClient } from '../test/client.ts';
import type { ChannelCore } from './channel.ts';
import type { Entry } from './outbox-entry.ts';
import { anew, keyOf, nameOf, parseRecord, toDraft, toRecord } from './persist-record.ts';

const attachment = testClient().realtime.channel('a room', { echo: false }) as ChannelCore;

const entry = (more: Partial<Entry> = {}): Entry => ({
  attachment,
  id: 'nonce:7',
  event: 'e',
  data: { text: 'ünï' },
  json: '{"text":"ünï"}',
  volatile: false,
  queuedAt: 5,
  attempts: 0,
  writtenAt: Infinity,
  earlierAt: Infinity,
  restoredFor: undefined,
  bytes: 1,
  state: 'waiting',
  settle: () => {},
  ...more,
});

/** As the store gives it back. */
const stored = (one: Entry): ReturnType<typeof parseRecord> =>
  parseRecord(keyOf(nameOf(one)), JSON.stringify(toRecord(one, 'owner', 'ann')));

describe('a record', () => {
  it('holds all that is needed to send it: 14 members come back as they were', () => {
    const record = stored(
      entry({ key: 'k', sequence: 3, extras: { x: [1] }, writtenAt: 9, attempts: 2 }),
    );
    expect(record).toMatchObject({ owner: 'owner', channel: 'a room', echo: false });
    expect(toDraft(record!, attachment)).toEqual({
      attachment,
      id: 'nonce:7',
      event: 'e',
      data: { text: 'ünï' },
      json: '{"text":"ünï"}',
      key: 'k',
      sequence: 3,
      extras: { x: [1] },
      volatile: false,
      queuedAt: 5,
      writtenAt: 9,
      attempts: 1,
      restoredFor: { user: 'ann' },
    });
  });

  it('of what was never written has no tries', () => {
    expect(toDraft(stored(entry())!, attachment)).toMatchObject({
      writtenAt: Infinity,
      attempts: 0,
    });
  });

  it.each([0, 1, 2, 3, 256, 100_000])('of %i bytes gives the same bytes back', (length) => {
    const data = Uint8Array.from({ length }, (_, index) => index % 256);
    const draft = toDraft(stored(entry({ data, json: undefined }))!, attachment);
    expect(draft.json).toBeUndefined();
    expect(draft.data).toEqual(data);
  });

  it('begun anew has neither failed nor been written, and counts from now', () => {
    const record = { ...stored(entry({ writtenAt: 9 }))!, failed: 'forbidden' } as const;
    const again = anew(record, 77);
    expect(again.queuedAt).toBe(77);
    expect(Object.keys(again)).not.toContain('failed');
    expect(Object.keys(again)).not.toContain('writtenAt');
  });

  it('has a key of its own in each channel, whatever its name', () => {
    const names = [
      { id: 'n:1', channel: 'a' },
      { id: 'n:1', channel: 'a b' },
      { id: 'n:1', channel: ' a' },
      { id: 'n:11', channel: 'a' },
    ];
    expect(new Set(names.map(keyOf)).size).toBe(4);
  });
});
