import { describe, expect, it } from 'vitest';
import {
  attachedClient,
  dialectClient,
  outcome,
  type DialectClient,
  type DialectClientOptions,
  type TestSpec,
} from '../test/dialect-client.ts';

const byReply: TestSpec = { ack: { level: 'accepted', by: 'reply' } };
const byFrame: TestSpec = { ack: { level: 'accepted', by: 'frame' } };
const byEcho: TestSpec = { ack: { level: 'accepted', by: 'echo' }, echo: true };
const sentId = (args: readonly unknown[]): string => (args[1] as { id: string }).id;

/** Sends back what it hears, without our id: `from` is the connection. */
const echoing: DialectClientOptions['serve'] = {
  publish: ([room, message], wire) => {
    const { event, data } = message as { event: string; data: unknown };
    wire.say('say', room, { event, data, connectionId: 'wire-1', serial: 7 });
  },
};

/** Says each in a batch of its own, and notes in which order they are settled. */
async function publishes(
  { room, clock }: DialectClient,
  ...names: string[]
): Promise<{ order: string[]; all: Promise<unknown>[] }> {
  const order: string[] = [];
  const all: Promise<unknown>[] = [];
  for (const name of names) {
    all.push(room.publish(name, 1).then(() => order.push(name)));
    await clock.settle();
  }
  return { order, all };
}

describe('a publish', () => {
  it('without ack is written, and heard once as a local copy', async () => {
    const client = await attachedClient();
    const receipt = await client.room.publish('e', 1);
    expect(receipt.level).toBe('written');
    expect(client.data).toEqual([1]);
  });

  it('acknowledged by a reply is accepted, with the serial that answer() finds in it', async () => {
    const client = dialectClient({
      dialect: {
        ...byReply,
        answer: (reply) => ({ acked: true, serial: (reply as [number])[0], timestamp: 5 }),
      },
      serve: { publish: () => [42] },
    });
    const receipt = await client.room.publish('e', 1);
    expect(receipt).toMatchObject({ level: 'accepted', serial: 42, timestamp: 5 });
  });

  it('acknowledged by a frame without an id: of 2 that wait, the first', async () => {
    const client = await attachedClient({ dialect: byFrame });
    const { order, all } = await publishes(client, 'a', 'b');
    expect(order).toEqual([]);
    client.wire.say('told', { acked: true });
    await client.clock.settle();
    expect(order).toEqual(['a']);
    client.wire.say('told', { acked: true });
    await Promise.all(all);
    expect(order).toEqual(['a', 'b']);
  });

  it('acknowledged by a frame with the id: the second of 2 first', async () => {
    const client = await attachedClient({ dialect: byFrame });
    const { order, all } = await publishes(client, 'a', 'b');
    const ids = client.wire.heard.filter(([event]) => event === 'publish').map(([, ...args]) => sentId(args)); // prettier-ignore
    client.wire.say('told', { acked: ids[1] });
    await client.clock.settle();
    expect(order).toEqual(['b']);
    client.wire.say('told', { acked: ids[0] });
    await Promise.all(all);
  });

  it('acknowledged by its echo, which has our id: accepted, and heard once', async () => {
    const client = await attachedClient({
      dialect: byEcho,
      serve: {
        publish: ([room, message], wire) =>
          wire.say('say', room, { ...Object(message), serial: 7 }),
      },
    });
    const receipt = await client.room.publish('e', 1);
    expect(receipt).toMatchObject({ level: 'accepted', serial: 7 });
    expect(client.data).toEqual([1]);
  });

  it('of an event that is not among ack.events is written at once', async () => {
    const client = await attachedClient({
      dialect: { ack: { level: 'accepted', by: 'frame', events: ['chat'] } },
    });
    expect((await client.room.publish('typing', 1)).level).toBe('written');
    const chat = client.room.publish('chat', 1);
    await client.clock.settle();
    client.wire.say('told', { acked: true });
    expect((await chat).level).toBe('accepted');
  });

  it.each<[string, TestSpec, object]>([
    ['its id', byFrame, {}],
    ['of: publish', byFrame, { of: 'publish' }],
  ])('refused by %s fails with its words', async (name, dialect, said) => {
    const client = dialectClient({
      dialect,
      serve: {
        publish: (args, wire) =>
          wire.say('told', {
            ...{ refused: 'forbidden', message: 'read only', ...said },
            ...(name === 'its id' && { id: sentId(args) }),
          }),
      },
    });
    expect(await outcome(client.room.publish('e', 1))).toBe('[anywire:forbidden] read only');
    expect(client.errors).toEqual([]);
  });

  it('refused by a reply fails with its words', async () => {
    const client = dialectClient({
      dialect: { ...byReply, answer: () => ({ refused: 'forbidden', message: 'read only' }) },
      serve: { publish: () => ['no'] },
    });
    expect(await outcome(client.room.publish('e', 1))).toBe('[anywire:forbidden] read only');
  });

  it('whose ack is lost in 10 s is outcome_unknown, and is said once', async () => {
    const client = await attachedClient({ dialect: byFrame });
    const published = outcome(client.room.publish('e', 1));
    await client.clock.advance(30_000);
    expect(await published).toContain('[anywire:outcome_unknown]');
    expect(client.wire.heard.filter(([event]) => event === 'publish')).toHaveLength(1);
  });

  it('of an event that the dialect has no words for is unsupported', async () => {
    const client = dialectClient({ dialect: { publish: () => undefined } });
    expect(await outcome(client.room.publish('e', 1))).toBe(
      "[anywire:unsupported] the dialect 'plain' has no words for 'e' in 'room'",
    );
  });
});

describe('own', () => {
  const own: TestSpec = {
    echo: true,
    own: ({ connectionId }, context) => connectionId === context.connectionId,
  };

  it('gives 2 echoes the ids of their publishes, oldest first, so that each is heard once', async () => {
    const client = await attachedClient({ dialect: own, serve: echoing });
    const ids: unknown[] = [];
    client.room.onAny(({ id }) => ids.push(id));
    const first = await client.room.publish('e', 1);
    const second = await client.room.publish('e', 2);
    expect(client.data).toEqual([1, 2]);
    expect(ids).toEqual([first.id, second.id]);
  });

  it('is the ack where that goes by echo', async () => {
    const client = await attachedClient({ dialect: { ...own, ...byEcho }, serve: echoing });
    expect(await client.room.publish('e', 1)).toMatchObject({ level: 'accepted', serial: 7 });
    expect(client.data).toEqual([1]);
  });

  it('of another connection is no echo: both are heard, and the ack does not go by it', async () => {
    const client = await attachedClient({ dialect: { ...own, ...byEcho } });
    const published = client.room.publish('e', 1);
    await client.clock.settle();
    client.wire.say('say', 'room', { event: 'e', data: 2, connectionId: 'other' });
    client.wire.say('say', 'room', { event: 'e', data: 1, connectionId: 'wire-1' });
    expect((await published).level).toBe('accepted');
    expect([...client.data].sort()).toEqual([1, 2]);
  });
});
