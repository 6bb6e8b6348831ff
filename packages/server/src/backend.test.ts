import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

const channels = { plain: {}, '{name}': { history: true, presence: {} } };

describe('history', () => {
  it.each(['backwards', 'forwards'] as const)(
    'goes %s through 25 messages in pages of 10, without a hole or a repetition',
    async (direction) => {
      const { server } = testServer();
      for (let n = 1; n <= 25; n++) await server.publish('room', 'n', n);
      const read: unknown[] = [];
      const sizes: number[] = [];
      let from: string | undefined;
      do {
        const page = await server.history('room', { limit: 10, direction, ...(from && { from }) });
        expect(page.complete).toBe(true);
        read.push(...page.items.map(({ data }) => data));
        sizes.push(page.items.length);
        from = page.next;
      } while (from !== undefined);
      const expected = Array.from({ length: 25 }, (_, at) => at + 1);
      expect(read).toEqual(direction === 'forwards' ? expected : expected.reverse());
      expect(sizes).toEqual([10, 10, 5]);
    },
  );

  it('has all that is known of a message, and bytes as bytes', async () => {
    const { server, clock, connected } = testServer();
    const ann = await connected('ann');
    const nobody = await connected();
    await ann.publish('room', new Uint8Array([1, 2]), { x: { trace: 'abc' }, q: 1 });
    await nobody.publish('room', 2);
    await server.publish('room', 'notice', JSON.parse('{"__proto__":{"x":1}}'), { id: 'order-7' });
    const { items } = await server.history('room', { direction: 'forwards' });
    const common = { event: 'message', timestamp: clock.now() };
    const connectionId = expect.stringMatching(/^[\w-]{12}$/) as string;
    expect(items.slice(0, 2)).toEqual([
      { ...common, id: `${ann.nonce}:0`, serial: 1, data: new Uint8Array([1, 2]), clientId: 'ann', connectionId, extras: { trace: 'abc' } },
      { ...common, id: `${nobody.nonce}:0`, serial: 2, data: 2, connectionId },
    ]); // prettier-ignore
    expect(Object.keys(items[2] ?? {}).sort()).toEqual([
      'data',
      'event',
      'id',
      'serial',
      'timestamp',
    ]);
    expect(JSON.stringify(items[2]?.data)).toBe('{"__proto__":{"x":1}}');
  });

  it('is cut by start and end, inclusive, and has 100 messages where nothing else is said', async () => {
    const { server, clock } = testServer();
    const began = clock.now();
    for (let n = 0; n < 120; n++) {
      await server.publish('room', 'n', n);
      await clock.advance(1_000);
    }
    const page = await server.history('room', { start: began + 5_000, end: began + 7_000 });
    expect(page.items.map(({ data }) => data)).toEqual([7, 6, 5]);
    expect((await server.history('room')).items).toHaveLength(100);
  });

  it('says that retention has cut off what was asked for', async () => {
    const { server } = testServer({ history: { size: 3 } });
    for (let n = 1; n <= 5; n++) await server.publish('room', 'n', n);
    expect(await server.history('room')).toMatchObject({ complete: false, items: [{ data: 5 }, { data: 4 }, { data: 3 }] });
  }); // prettier-ignore

  it.each([
    ['a limit of 0', { limit: 0 }, 'invalid'],
    ['a limit of 1.5', { limit: 1.5 }, 'invalid'],
    ['a limit that is a text', { limit: '5' }, 'invalid'],
    ['a direction that is none', { direction: 'sideways' }, 'invalid'],
    ['a cursor that is none', { from: 'nonsense' }, 'invalid'],
    ['a cursor that is a number', { from: 5 }, 'invalid'],
    ['a start that is no time', { start: NaN }, 'invalid'],
    ['a cursor of an earlier life', { from: 'earlier:1:' }, 'history_expired'],
  ])('refuses %s', async (_, query, code) => {
    const { server } = testServer();
    await server.publish('room', 'n', 1);
    await expect(server.history('room', query as object)).rejects.toMatchObject({ code });
  });

  it('is unsupported where the channel has none', async () => {
    const { server } = testServer({ channels });
    await expect(server.history('plain')).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('presence and occupancy', () => {
  it('show 3 instances of 2 clients, and 4 connections', async () => {
    const { server, join, connected } = testServer();
    for (const [token, instance, d] of [
      ['ann', 'phone', { at: 'home' }],
      ['ann', 'tab', null],
      ['bob', 'tab', 'busy'],
    ] as const) {
      const client = join();
      await client.connect({ token, instance });
      await client.attach('room', { presence: 'enter', d });
    }
    const eve = await connected('eve');
    await eve.attach('room');
    expect(await server.occupancy('room')).toEqual({ connections: 4, members: 3, clients: 2 });
    const connectionId = expect.stringMatching(/^[\w-]{12}$/) as string;
    expect(await server.presence('room')).toEqual([
      { clientId: 'ann', instanceId: 'phone', connectionId, data: { at: 'home' } },
      { clientId: 'ann', instanceId: 'tab', connectionId, data: null },
      { clientId: 'bob', instanceId: 'tab', connectionId, data: 'busy' },
    ]);
  });

  it('are empty for a channel that nobody knows, and do not make it', async () => {
    const { server } = testServer();
    expect(await server.presence('nowhere')).toEqual([]);
    expect(await server.occupancy('nowhere')).toEqual({ connections: 0, members: 0, clients: 0 });
    expect(server.stats().channels).toBe(0);
  });

  it('count connections alone where a channel has no presence', async () => {
    const { server, connected } = testServer({ channels });
    const ann = await connected('ann');
    await ann.attach('plain');
    expect(await server.occupancy('plain')).toEqual({ connections: 1, members: 0, clients: 0 });
    await expect(server.presence('plain')).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('channels', () => {
  it('are listed by name, 7 in pages of 3, and only those with the prefix', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann');
    const bob = await connected('bob');
    const names = ['room:g', 'room:b', 'user:x', 'room:e', 'room:a', 'room:f', 'room:d', 'room:c'];
    for (const name of names) await ann.attach(name);
    await bob.attach('room:b');
    const pages: string[][] = [];
    let after: string | undefined;
    do {
      const page = await server.channels({ prefix: 'room:', limit: 3, ...(after && { after }) });
      pages.push(page.items.map(({ name, connections }) => `${name} ${connections}`));
      after = page.next;
    } while (after !== undefined);
    expect(pages).toEqual([
      ['room:a 1', 'room:b 2', 'room:c 1'],
      ['room:d 1', 'room:e 1', 'room:f 1'],
      ['room:g 1'],
    ]);
    expect(await server.channels({ prefix: 'nothing' })).toEqual({ items: [] });
  });

  it('of which there are 8 come out as sorting says, whatever the limit', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann');
    const names = ['m', 'c', 'x', 'Z', 'a/b', '\u{1f600}', '__proto__', 'm2'];
    for (const name of names) await ann.attach(name);
    const sorted = [...names].sort();
    for (let limit = 1; limit <= 9; limit++) {
      const { items, next } = await server.channels({ limit });
      expect(items.map(({ name }) => name)).toEqual(sorted.slice(0, limit));
      expect(next).toBe(limit < 8 ? sorted[limit - 1] : undefined);
    }
  });

  it.each([0, 1_001, 1.5, NaN, '5'])('refuse a limit of %j', async (limit) => {
    const { server } = testServer();
    const listed = server.channels({ limit: limit as number });
    await expect(listed).rejects.toMatchObject({ code: 'invalid' });
  });
});

it('all 7 verbs reject with closed after close', async () => {
  const { server } = testServer();
  await server.close();
  for (const call of [
    () => server.publish('a', 'e', 1),
    () => server.publishBatch([]),
    () => server.history('a'),
    () => server.presence('a'),
    () => server.occupancy('a'),
    () => server.channels(),
    () => server.disconnect({ clientId: 'ann' }),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'closed' });
});
