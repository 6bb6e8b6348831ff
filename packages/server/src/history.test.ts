import { describe, expect, it } from 'vitest';
import type { PageFrame } from '@anywire/protocol';
import type { TestClient } from '../test/support/client.ts';
import { testServer } from '../test/support/pipes.ts';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

async function page(client: TestClient, query: object = {}): Promise<PageFrame> {
  const request = { t: 'history', c: 'room', limit: 10, dir: 'backwards', ...query } as const;
  return (await client.request(request)) as PageFrame;
}
const data = ({ items }: PageFrame): unknown[] => items.map(({ d }) => d);

async function filled(
  count: number,
  options: Parameters<typeof testServer>[0] = {},
): Promise<{ ann: TestClient; test: ReturnType<typeof testServer> }> {
  const test = testServer(options);
  const ann = await test.connected('ann');
  for (const n of numbers(1, count)) {
    await ann.publish('room', n);
    await test.clock.advance(1_000);
  }
  return { ann, test };
}

describe('history', () => {
  it.each([
    ['backwards', numbers(1, 25).reverse()],
    ['forwards', numbers(1, 25)],
  ] as const)('goes %s page by page, without a hole or a repetition', async (dir, expected) => {
    const { ann } = await filled(25);
    const read: unknown[] = [];
    let next: string | undefined;
    do {
      const answer: PageFrame = await page(ann, { dir, ...(next ? { from: next } : {}) });
      expect(answer.items.length).toBeLessThanOrEqual(10);
      expect(answer.complete).toBe(true);
      read.push(...data(answer));
      next = answer.next;
    } while (next !== undefined);
    expect(read).toEqual(expected);
  });

  it('holds messages as they were heard', async () => {
    const { ann } = await filled(0);
    await ann.attach('room');
    await ann.publish('room', { x: 1 });
    await ann.hears({ x: 1 });
    expect((await page(ann)).items).toEqual(ann.messages());
  });

  it('from the cursor of an attach ends where live messages began', async () => {
    const { ann } = await filled(3);
    const { cursor } = await ann.attach('room');
    await ann.publish('room', 4);
    expect(data(await page(ann, { from: cursor }))).toEqual([3, 2, 1]);
    expect(data(await page(ann, { from: cursor, dir: 'forwards' }))).toEqual([4]);
  });

  it('between two times', async () => {
    const { ann, test } = await filled(10);
    const at = (n: number): number => test.clock.now() - (11 - n) * 1_000;
    expect(data(await page(ann, { start: at(3), end: at(5) }))).toEqual([5, 4, 3]);
  });

  it('says when retention has cut it off', async () => {
    const { ann } = await filled(10, { history: { size: 4 } });
    expect(await page(ann)).toMatchObject({
      complete: false,
      items: [{ d: 10 }, {}, {}, { d: 7 }],
    });
    expect(await page(ann, { limit: 4 })).toMatchObject({ complete: false });
    expect(await page(ann, { limit: 3 })).toMatchObject({ complete: true });
  });

  it('of another epoch has expired, and a cursor that is none is invalid', async () => {
    const { ann } = await filled(1);
    expect(await page(ann, { from: 'other:1:x' })).toMatchObject({ code: 'history_expired' });
    expect(await page(ann, { from: 'nonsense' })).toMatchObject({ code: 'invalid' });
    const { cursor } = await ann.attach('room');
    const forged = cursor.replace(/[^:]*$/, '9');
    expect(await page(ann, { from: forged })).toMatchObject({ code: 'history_expired' });
  });

  it('gives at most 1,000 messages a page', async () => {
    const { ann, test } = await filled(0, { history: { size: 2_000 } });
    for (const n of numbers(1, 1_100)) await test.server.publish('room', 'e', n);
    expect((await page(ann, { limit: 5_000 })).items).toHaveLength(1_000);
  });

  it('ends a page early when it has many bytes', async () => {
    const { ann } = await filled(0);
    for (const n of numbers(1, 20)) await ann.publish('room', [n, 'x'.repeat(50_000)]);
    const first = await page(ann, { limit: 20 });
    expect(first.items.length).toBe(5);
    expect((await page(ann, { limit: 20, from: first.next })).items[0]?.d).toMatchObject([15, {}]);
  });

  it('is refused by authorize, and empty in a channel that does not exist', async () => {
    const { connected } = testServer({ authorize: ({ channel }) => channel !== 'room' });
    const ann = await connected('ann');
    expect(await page(ann)).toMatchObject({ t: 'error', code: 'forbidden' });
    expect(await page(ann, { c: 'nowhere' })).toEqual({
      t: 'page',
      r: expect.any(Number),
      complete: true,
      items: [],
    });
  });
});
