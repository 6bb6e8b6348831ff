import { describe, expect, it } from 'vitest';
import {
  attachedClient,
  dialectClient,
  outcome,
  type DialectClient,
  type TestSpec,
} from '../test/dialect-client.ts';

const joinedByFrame: TestSpec = { joined: 'frame' };
const events = (client: DialectClient): unknown[] => client.wire.heard;
const rows = (...data: number[]): unknown[] =>
  data.map((serial) => ({ event: 'e', data: serial, serial }));
const say = (client: DialectClient, ...data: number[]): void => {
  for (const row of rows(...data)) client.wire.say('say', 'room', row);
};

describe('a join', () => {
  it('that nobody confirms is assumed, once its frame is sent', async () => {
    const client = await attachedClient();
    expect(client.room.state.get()).toBe('attached');
    expect(events(client)).toEqual([['join', 'room']]);
    say(client, 1);
    expect(client.data).toEqual([1]);
  });

  it('confirmed by a frame lets nothing through before it, and all after it', async () => {
    const client = await attachedClient({ dialect: joinedByFrame });
    say(client, 1);
    expect(client.room.state.get()).toBe('attaching');
    client.wire.say('told', { joined: 'room' });
    say(client, 2);
    await client.clock.settle();
    expect(client.room.state.get()).toBe('attached');
    expect(client.data).toEqual([2]);
  });

  it('confirmed by a frame without a name: of 2 that wait, the first', async () => {
    const client = await attachedClient({ dialect: joinedByFrame });
    const other = client.realtime.channel('other');
    const attached = outcome(other.attach());
    await client.clock.settle();
    client.wire.say('told', { joined: true });
    await client.clock.settle();
    expect([client.room.state.get(), other.state.get()]).toEqual(['attached', 'attaching']);
    client.wire.say('told', { joined: true });
    expect(await attached).toBe('resolved');
  });

  it('confirmed by a reply waits for it', async () => {
    let reply = (_: unknown): void => {};
    const client = await attachedClient({
      dialect: { joined: 'reply' },
      serve: { join: () => new Promise((resolve) => (reply = resolve)) },
    });
    expect(client.room.state.get()).toBe('attaching');
    reply(['ok']);
    await client.clock.settle();
    expect(client.room.state.get()).toBe('attached');
  });

  it('that nobody confirms within 10 s is a timeout', async () => {
    const client = dialectClient({ dialect: joinedByFrame });
    const attached = outcome(client.room.attach({ signal: new AbortController().signal }));
    await client.clock.advance(10_000);
    expect(await attached).toContain('[anywire:timeout]');
  });

  it.each<[string, TestSpec, unknown]>([
    ['a reply', { joined: 'reply', answer: () => ({ refused: 'forbidden', message: 'no' }) }, 0],
    [
      'a frame with its name',
      joinedByFrame,
      { refused: 'forbidden', message: 'no', channel: 'room' },
    ],
    ['a frame of joins', joinedByFrame, { refused: 'forbidden', message: 'no', of: 'join' }],
  ])('refused by %s fails with its words, and the connection lives', async (_, dialect, said) => {
    const client = dialectClient({
      dialect,
      serve: { join: (__, wire) => (said === 0 ? ['no'] : wire.say('told', said)) },
    });
    expect(await outcome(client.room.attach())).toBe('[anywire:forbidden] no');
    expect(client.states.at(-1)).toBe('connected');
    expect(client.wires).toHaveLength(1);
  });

  it('that was assumed, and is refused later, ends that channel', async () => {
    const client = await attachedClient();
    client.wire.say('told', { refused: 'forbidden', message: 'banned', channel: 'room' });
    expect(client.room.state.get()).toBe('failed');
    say(client, 1);
    expect(client.data).toEqual([]);
    expect(client.states.at(-1)).toBe('connected');
  });

  it('of a channel that the dialect has no words for is unsupported', async () => {
    const client = dialectClient({ dialect: { join: () => undefined } });
    expect(await outcome(client.room.attach())).toBe(
      "[anywire:unsupported] the dialect 'plain' has no channel 'room'",
    );
  });
});

describe('a detach', () => {
  it('says leave, and what still comes is dropped', async () => {
    const client = dialectClient();
    await client.room.attach();
    await client.room.detach();
    say(client, 1);
    expect(events(client)).toEqual([
      ['join', 'room'],
      ['leave', 'room'],
    ]);
    expect(client.room.state.get()).toBe('detached');
    expect(client.errors).toEqual([]);
  });
});

describe('oneChannel', () => {
  const one: TestSpec = {
    oneChannel: true,
    receive: ([, data]) => ({ event: 'e', data }),
  };

  it('refuses a second channel, until the first is detached', async () => {
    const client = dialectClient({ dialect: one });
    const heard: unknown[] = [];
    const stop = client.room.onAny(({ data }) => heard.push(data));
    await client.room.attach();
    const other = client.realtime.channel('other');
    expect(await outcome(other.attach())).toBe(
      "[anywire:unsupported] the dialect 'plain' has no second channel at a time: 'room' is attached, detach it first",
    );
    client.wire.say('text', 1);
    expect(heard).toEqual([1]);
    stop();
    await client.room.detach();
    expect(await outcome(other.attach())).toBe('resolved');
  });
});

describe('a message without a channel', () => {
  it('goes to defaultChannel; without one it is reported, and ends nothing', async () => {
    const receive: TestSpec['receive'] = ([, data]) => ({ event: 'e', data });
    const client = await attachedClient({ dialect: { receive, defaultChannel: 'room' } });
    client.wire.say('text', 1);
    expect(client.data).toEqual([1]);
    const lost = await attachedClient({ dialect: { receive } });
    lost.wire.say('text', 1);
    expect(lost.data).toEqual([]);
    expect(lost.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining("the dialect 'plain' does not say which channel it is of"),
    ]);
    expect(lost.states.at(-1)).toBe('connected');
  });
});

describe('a backlog', () => {
  const backlog: TestSpec = { joined: 'frame', backlog: 50 };
  const sends = {
    join: (_: unknown, wire: { say(...frame: [string, unknown]): void }) =>
      wire.say('told', { joined: 'room', backlog: rows(1, 2, 3) }),
  };

  it('of 3 is cut to the 2 that a rewind asks for, marked as replayed', async () => {
    const client = dialectClient({ dialect: backlog, serve: sends });
    const seen: unknown[] = [];
    client.room.on('e', (data, { replayed }) => seen.push([data, replayed]), { rewind: 2 });
    await client.clock.settle();
    say(client, 4);
    expect(seen).toEqual([
      [2, true],
      [3, true],
      [4, false],
    ]);
  });

  it('is dropped where nobody asks for a rewind', async () => {
    const client = await attachedClient({ dialect: backlog, serve: sends });
    say(client, 4);
    expect(client.data).toEqual([4]);
  });
});

describe('after a reconnect', () => {
  it('each of 2 joins is said again, and each channel is told one gap', async () => {
    const client = await attachedClient();
    const gaps: unknown[] = [];
    const other = client.realtime.channel('other');
    other.onGap(({ continuity, reason }) => gaps.push([continuity, reason]));
    await other.attach();
    say(client, 1);
    await client.comeBack();
    expect(events(client)).toEqual([
      ['join', 'room'],
      ['join', 'other'],
    ]);
    say(client, 3);
    expect(client.data).toEqual([1, 'gap', 3]);
    expect(gaps).toEqual([['unknown', 'the server does not say what it sent meanwhile']]);
  });
});
