import { describe, expect, it } from 'vitest';
import {
  attachedClient,
  dialectClient,
  outcome,
  type DialectClient,
  type TestSpec,
} from '../test/dialect-client.ts';
import type { HistoryOptions } from './api.ts';
import type { Inbound } from './contract.ts';
import { pageOf } from './dialect-history.ts';
import type { DialectMessage } from './dialect-received.ts';
import type { DialectHistoryQuery } from './dialect-spec.ts';

const row = (serial: number): DialectMessage => ({
  ...{ event: 'e', data: serial, serial, timestamp: serial * 1_000 },
});

/** A server that keeps `kept`, and what it was asked: `before limit`. */
function keeper(...kept: number[]): { kept: number[]; asked: string[]; spec: TestSpec } {
  const asked: string[] = [];
  return {
    ...{ kept, asked },
    spec: {
      history: async (_, { before, limit }: DialectHistoryQuery) => {
        asked.push(`${before ?? 'newest'} ${limit}`);
        return kept
          .filter((serial) => before === undefined || serial < Number(before))
          .slice(-limit)
          .map(row);
      },
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function read({ room }: DialectClient, options?: HistoryOptions): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  for await (const page of room.history(options)) pages.push(page.items.map(({ data }) => data));
  return pages;
}

const say = ({ wire }: DialectClient, ...serials: number[]): void => {
  for (const serial of serials) wire.say('say', 'room', row(serial));
};

describe('history of a server that gives its last messages, or those before one', () => {
  it('backwards: 5 messages are 3 pages of 2, newest first', async () => {
    const client = dialectClient({ dialect: keeper(...upTo(5)).spec });
    expect(await read(client, { limit: 2 })).toEqual([[5, 4], [3, 2], [1]]);
  });

  it('forwards: 5 messages are 3 pages of 2, oldest first', async () => {
    const client = dialectClient({ dialect: keeper(...upTo(5)).spec });
    expect(await read(client, { limit: 2, direction: 'forwards' })).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('of 250 messages is asked for in hundreds, each before the oldest so far', async () => {
    const { spec, asked } = keeper(...upTo(250));
    const client = dialectClient({ dialect: spec });
    const [first] = await read(client, { limit: 100, direction: 'forwards' });
    expect(first).toEqual(upTo(100));
    expect(asked.slice(0, 4)).toEqual(['newest 100', '151 100', '51 100', '1 100']);
  });

  it('is empty where nothing is kept', async () => {
    const client = dialectClient({ dialect: keeper().spec });
    expect(await read(client)).toEqual([[]]);
    expect(await read(client, { direction: 'forwards' })).toEqual([[]]);
  });

  it('from a position: backwards with it, forwards after it', async () => {
    const client = dialectClient({ dialect: keeper(...upTo(5)).spec });
    expect(await read(client, { from: '3' })).toEqual([[3, 2, 1]]);
    expect(await read(client, { from: '3', direction: 'forwards' })).toEqual([[4, 5]]);
  });

  it('between 2 and 4 seconds has 3 of 5 messages', async () => {
    const client = dialectClient({ dialect: keeper(...upTo(5)).spec });
    expect(await read(client, { start: 2_000, end: 4_000 })).toEqual([[4, 3, 2]]);
  });

  it("from 'attach' is what came before the first live message", async () => {
    const { spec, kept } = keeper(1, 2);
    const client = await attachedClient({ dialect: spec });
    kept.push(3, 4);
    say(client, 3, 4);
    expect(await read(client, { from: 'attach' })).toEqual([[2, 1]]);
  });

  it('from a position that is not there any more is history_expired', async () => {
    const client = dialectClient({ dialect: keeper(4, 5).spec });
    for (const direction of ['backwards', 'forwards'] as const)
      expect(await outcome(client.room.history({ from: '2', direction }).next())).toContain(
        '[anywire:history_expired]',
      );
  });

  it('is history_expired behind a first page of 2 whose server has forgotten all 5 since', async () => {
    const { spec, kept } = keeper(...upTo(5));
    const client = dialectClient({ dialect: spec });
    const { value } = await client.room.history({ limit: 2 }).next();
    const { next = '' } = value as { next?: string };
    kept.splice(0);
    expect(await outcome(client.room.history({ from: next }).next())).toContain(
      '[anywire:history_expired]',
    );
  });

  it("from 'attach' is empty where nothing was said before the first live message", async () => {
    const { spec, kept } = keeper();
    const client = await attachedClient({ dialect: spec });
    kept.push(1);
    say(client, 1);
    expect(await read(client, { from: 'attach' })).toEqual([[]]);
  });

  it('ends where a server answers the same 3 messages whatever it is asked', async () => {
    const all = async (): Promise<DialectMessage[]> => [1, 2, 3].map(row);
    const client = dialectClient({ dialect: { history: all } });
    expect(await read(client, { limit: 2 })).toEqual([[3, 2], [1]]);
  });

  it('that rejects rejects the page by name, and the next one is read', async () => {
    const { spec } = keeper(1);
    let isDown = true;
    const client = dialectClient({
      dialect: {
        history: (...asked) =>
          isDown ? Promise.reject(new TypeError('down')) : (spec.history?.(...asked) ?? []),
      } as TestSpec,
    });
    expect(await outcome(client.room.history().next())).toBe(
      "[anywire:invalid] history() of the dialect 'plain' threw: down",
    );
    isDown = false;
    expect(await read(client)).toEqual([[1]]);
    expect(client.states.at(-1)).toBe('connected');
  });

  it('of over 10,000 messages is limit_exceeded where all would have to be read', async () => {
    const readBefore = async (before: string | undefined): Promise<Inbound[]> => {
      const end = before === undefined ? 20_000 : Number(before);
      return Array.from({ length: 100 }, (_, index) => ({
        ...{ event: 'e', data: 0, serial: end - 100 + index, action: 'create' as const },
      }));
    };
    await expect(
      pageOf(readBefore, { limit: 10, direction: 'forwards' }, undefined),
    ).rejects.toThrow('[anywire:limit_exceeded]');
  });
});

describe('a rewind', () => {
  it('of 2 is read from the history, before what is live', async () => {
    const client = dialectClient({ dialect: keeper(1, 2, 3).spec });
    const seen: unknown[] = [];
    client.room.on('e', (data) => seen.push(data), { rewind: 2 });
    await client.clock.settle();
    say(client, 4);
    expect(seen).toEqual([2, 3, 4]);
  });
});

describe('a gap after a reconnect', () => {
  it('is filled from the history: 2 missed messages come in order, and none is told', async () => {
    const { spec, kept } = keeper(1);
    const client = await attachedClient({ dialect: spec });
    say(client, 1);
    kept.push(2, 3);
    await client.comeBack();
    kept.push(4);
    say(client, 4);
    expect(client.data).toEqual([1]); // what is newer waits
    await client.clock.advance(250);
    expect(client.data).toEqual([1, 2, 3, 4]);
  });

  it('is told where the history has lost the last message that was heard', async () => {
    const { spec, kept } = keeper(1);
    const client = await attachedClient({ dialect: spec });
    say(client, 1);
    kept.splice(0, 1, 7, 8);
    await client.comeBack();
    await client.clock.advance(250);
    expect(client.data).toEqual([1, 7, 8, 'gap']);
  });

  it('is told where the history rejects, and what is live goes on', async () => {
    const client = await attachedClient({
      dialect: { history: () => Promise.reject(new Error('down')) },
    });
    say(client, 1);
    await client.comeBack();
    say(client, 3);
    await client.clock.advance(60_000);
    expect(client.data).toEqual([1, 'gap', 3]);
    expect(client.states.at(-1)).toBe('connected');
  });
});
