import { describe, expect, it } from 'vitest';
import { failingEngine } from '../test/support/failing-engine.ts';
import { testServer } from '../test/support/pipes.ts';
import { slowEngine } from '../test/support/slow-engine.ts';

const numbers = Array.from({ length: 50 }, (_, at) => at);

let turn = 0;

describe('publishBatch', () => {
  it.each([
    ['at once', undefined],
    ['later', () => slowEngine(() => ++turn % 3)],
  ])(
    'keeps the order of 100 messages in 2 channels, with an engine that answers %s',
    async (_, engine) => {
      const { server, connected } = testServer(engine ? { engine: engine() } : {});
      const ann = await connected('ann');
      await ann.attach('a');
      await ann.attach('b');
      const outcomes = await server.publishBatch(
        numbers.flatMap((data) => ['a', 'b'].map((channel) => ({ channel, event: 'n', data }))),
      );
      await ann.hears(49);
      for (const channel of ['a', 'b']) {
        const { items } = await server.history(channel, { direction: 'forwards' });
        expect(items.map(({ data }) => data)).toEqual(numbers);
      }
      expect(outcomes.map((each) => ('error' in each ? each.error : each.serial))).toEqual(
        numbers.flatMap((n) => [n + 1, n + 1]),
      );
      expect(new Set(outcomes.map(({ id }) => id)).size).toBe(100);
      await server.close();
    },
  );

  it('reaches those who are attached in one write', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann');
    await ann.attach('a');
    const before = ann.transport.writes.length;
    await server.publishBatch(numbers.map((data) => ({ channel: 'a', event: 'n', data })));
    await ann.hears(49);
    expect(ann.data('a')).toEqual(numbers);
    expect(ann.transport.writes.length - before).toBe(1);
  });

  it('publishes on behalf of a client, whom receivers see as the sender', async () => {
    const { server } = testServer();
    await server.publish('a', 'n', 1, { clientId: 'ann' });
    const { items } = await server.history('a');
    expect(items).toMatchObject([{ clientId: 'ann', data: 1 }]);
    await expect(server.publish('a', 'n', 1, { clientId: '' })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('stores each id once when the whole batch is repeated', async () => {
    const { server } = testServer();
    const batch = numbers.map((data) => ({ channel: 'a', event: 'n', data, id: `order-${data}` }));
    const first = await server.publishBatch(batch);
    const again = await server.publishBatch(batch);
    expect(again).toEqual(first.map((outcome) => ({ ...outcome, duplicate: true })));
    expect((await server.history('a')).items).toHaveLength(50);
  });

  it.each([
    ['an event', { channel: 'a', event: '', data: 1 }, 'invalid'],
    ['a channel', { channel: '', event: 'e', data: 1 }, 'invalid'],
    ['an id', { channel: 'a', event: 'e', data: 1, id: '' }, 'invalid'],
    ['data', { channel: 'a', event: 'e', data: undefined }, 'invalid'],
    ['extras', { channel: 'a', event: 'e', data: 1, extras: { x: 'x'.repeat(1_024) } }, 'invalid'],
    ['a size', { channel: 'a', event: 'e', data: 'x'.repeat(70_000) }, 'payload_too_large'],
  ])(
    'is refused whole for %s of its third message that cannot be, which it names',
    async (_, bad, code) => {
      const { server } = testServer();
      const good = { channel: 'a', event: 'e', data: 1 };
      const batch = server.publishBatch([good, good, bad, good]);
      await expect(batch).rejects.toMatchObject({
        code,
        message: expect.stringContaining('messages[2]: ') as string,
      });
      expect((await server.history('a')).items).toEqual([]);
    },
  );

  it('takes 1 to 1,000 messages', async () => {
    const { server } = testServer();
    const many = (length: number): Promise<unknown> =>
      server.publishBatch(Array.from({ length }, () => ({ channel: 'a', event: 'e', data: 1 })));
    await expect(many(0)).rejects.toMatchObject({ code: 'invalid' });
    await expect(many(1_001)).rejects.toMatchObject({ code: 'limit_exceeded' });
    await expect(many(1_000)).resolves.toHaveLength(1_000);
  });

  it('says of each message that the engine did not take that it failed, and stores the others', async () => {
    const { server, logs } = testServer({ engine: failingEngine((channel) => channel === 'full') });
    const outcomes = await server.publishBatch(
      ['a', 'full', 'a'].map((channel, at) => ({ channel, event: 'e', data: 1, id: `m${at}` })),
    );
    expect(outcomes).toMatchObject([
      { id: 'm0', serial: 1 },
      { id: 'm1', error: { code: 'server_error' } },
      { id: 'm2', serial: 2 },
    ]);
    expect(logs.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });
});

describe('extras', () => {
  it('reach receivers and history, up to 1,024 characters of JSON', async () => {
    const { server, connected } = testServer();
    const ann = await connected('ann');
    await ann.attach('a');
    const longest = { x: 'x'.repeat(1_024 - '{"x":""}'.length) };
    await server.publish('a', 'e', 1, { extras: longest });
    await ann.hears(1);
    expect(ann.messages('a')).toMatchObject([{ x: longest, d: 1 }]);
    expect((await server.history('a')).items).toMatchObject([{ extras: longest }]);
    const longer = { x: `${longest.x}x` };
    const published = server.publish('a', 'e', 1, { extras: longer });
    await expect(published).rejects.toMatchObject({ code: 'invalid' });
  });

  it.each([
    ['a text', 'text'],
    ['a list', [1]],
    ['null', null],
    ['bytes', new Uint8Array(1)],
    ['what JSON cannot hold', { n: 1n }],
    ['what is nested 65 deep', JSON.parse(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`) as object],
  ])('cannot be %s', async (_, extras) => {
    const { server } = testServer();
    const published = server.publish('a', 'e', 1, { extras: extras as Record<string, unknown> });
    await expect(published).rejects.toMatchObject({ code: 'invalid' });
  });
});
