import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { sqlite } from './sqlite/index.ts';
import { memory, openStore, type Engine, type NewMessage, type Store } from './store.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const newFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'anywire-store-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  return join(folder, 'messages.db');
};

const engines: readonly [string, () => Engine][] = [
  ['memory', () => memory()],
  ['sqlite', () => sqlite({ file: newFile() })],
];

async function open(engine: Engine, clock: VirtualClock = virtualClock()): Promise<Store> {
  const retention = { size: 100, ttlMs: 86_400_000 };
  const store = await openStore(engine, { retention: () => retention, clock, log: () => {} });
  ends.push(() => store.close());
  return store;
}

const message = (n: number, more: Partial<NewMessage> = {}): NewMessage => ({
  ...{ id: `nonce:${n}`, event: 'said', data: { n } },
  ...more,
});

describe.each(engines)('a store in %s', (_, engine) => {
  it('gives 25 messages the serials 1 to 25, and reads them in pages of 10 both ways', async () => {
    const store = await open(engine());
    const all = Array.from({ length: 25 }, (_, at) => store.append('room', message(at)));
    expect((await Promise.all(all)).map(({ serial }) => serial)).toEqual(
      Array.from({ length: 25 }, (_, at) => at + 1),
    );
    for (const direction of ['forwards', 'backwards'] as const) {
      const read: unknown[] = [];
      let from: string | undefined;
      do {
        const page = await store.page('room', { direction, limit: 10, ...(from && { from }) });
        read.push(...page.items.map(({ serial }) => serial));
        from = page.next;
      } while (from !== undefined);
      const expected = Array.from({ length: 25 }, (_, at) => at + 1);
      expect(read).toEqual(direction === 'forwards' ? expected : expected.reverse());
    }
  });

  it('stores the second of 2 equal ids not at all, and says where the first one is', async () => {
    const clock = virtualClock();
    const store = await open(engine(), clock);
    const first = await store.append('room', message(1));
    await clock.advance(5_000);
    const second = await store.append('room', message(1, { data: 'other' }));
    expect(second).toEqual({ ...first, duplicate: true });
    const { items } = await store.page('room', {});
    expect(items.map(({ data }) => data)).toEqual([{ n: 1 }]);
  });

  it('keeps all that is known of a message, also a client without a connection, and bytes as bytes', async () => {
    const store = await open(engine());
    const whole = {
      ...{ clientId: 'ann', connectionId: '1.2', extras: { trace: 'x' }, sequence: 7 },
      data: new Uint8Array([1, 2, 255]),
    };
    await store.append('room', message(1, whole));
    await store.append('room', message(2, { clientId: 'bob' }));
    await store.append('room', message(3));
    const { items } = await store.page('room', { direction: 'forwards' });
    expect(items[0]).toMatchObject(whole);
    expect(items[1]).toMatchObject({ clientId: 'bob' });
    expect(items[1]).not.toHaveProperty('connectionId');
    expect(items[2]).not.toHaveProperty('clientId');
  });

  it('has a position before the first message, and after it the cursor of the newest one', async () => {
    const store = await open(engine());
    const before = await store.position('room');
    expect(await store.position('room')).toBe(before);
    const { cursor } = await store.append('room', message(1));
    expect(cursor).not.toBe(before);
    expect(await store.position('room')).toBe(cursor);
    const { items } = await store.page('room', { direction: 'forwards', from: before });
    expect(items.map((item) => item.cursor)).toEqual([cursor]);
  });

  it('binds a nonce to 1 owner, who may become another one by knowing what it was', async () => {
    const store = await open(engine());
    expect(await store.claim('nonce', ['r:secret'])).toBe(true);
    expect(await store.claim('nonce', ['c:eve', 'r:guess'])).toBe(false);
    expect(await store.claim('nonce', ['c:ann', 'r:secret'])).toBe(true);
    expect(await store.claim('nonce', ['r:secret'])).toBe(false);
  });

  it.each([
    ['a limit of 0', { limit: 0 }, 'invalid'],
    ['a cursor that is none', { from: 'nonsense' }, 'invalid'],
    ['a cursor of an earlier life', { from: 'earlier:1:' }, 'history_expired'],
  ])('refuses %s', async (_, query, code) => {
    const store = await open(engine());
    await store.append('room', message(1));
    await expect(store.page('room', query)).rejects.toMatchObject({ code });
  });
});

it('a store in a file has its 2 messages, their cursors and the ids of the last 120 s after a restart', async () => {
  const file = newFile();
  const clock = virtualClock();
  const before = await open(sqlite({ file }), clock);
  await before.append('room', message(1));
  const last = await before.append('room', message(2));
  await before.close();
  const after = await open(sqlite({ file }), clock);
  expect(await after.position('room')).toBe(last.cursor);
  expect(await after.append('room', message(2))).toEqual({ ...last, duplicate: true });
  expect(await after.append('room', message(3))).toMatchObject({ serial: 3, duplicate: false });
});

it('positions of 10,500 names leave at most 10,000 channels in memory once 120 s have gone', async () => {
  const clock = virtualClock();
  const engine = memory();
  const store = await open(engine, clock);
  for (let n = 0; n < 10_500; n++) await store.position(`name ${n}`);
  expect(engine.size).toBe(10_500);
  await clock.advance(300_000);
  expect(engine.size).toBe(10_000);
});
