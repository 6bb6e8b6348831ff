import { describe, expect, it } from 'vitest';
import { testClient } from '../test/client.ts';
import { defineChannels } from './channels.ts';

describe('channel()', () => {
  it('gives the same object for the same name, also while it is used', async () => {
    const { realtime, attached } = testClient();
    const room = realtime.channel('room');
    expect(realtime.channel('room')).toBe(room);
    expect(await attached('room')).toBe(room);
    expect(realtime.channel('other')).not.toBe(room);
    expect(room.name).toBe('room');
  });

  it('keeps a channel that is used although nobody holds its object', async () => {
    const { realtime, fake, clock } = testClient();
    const data: unknown[] = [];
    realtime.channel('room').on('e', (value) => data.push(value));
    await clock.settle();
    fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    expect(data).toEqual([1]);
  });

  it.each([[''], ['a\nb'], ['x'.repeat(256)], [7 as unknown as string]])(
    'refuses the name %j as invalid',
    (name) => expect(() => testClient().realtime.channel(name)).toThrow('[anywire:invalid]'),
  );

  it('takes names like __proto__ and constructor', async () => {
    const { realtime, clock } = testClient();
    const channels = ['__proto__', 'constructor', 'toString'].map((name) => realtime.channel(name));
    for (const channel of channels) channel.on('e', () => {});
    await clock.settle();
    expect(channels.map(({ state }) => state.get())).toEqual(['attached', 'attached', 'attached']);
  });

  it('refuses a name that no definition allows', () => {
    const { realtime } = testClient({ channels: defineChannels({ 'room:{id}': { events: {} } }) });
    expect(() => realtime.channel('lobby')).toThrow(/invalid.*lobby/);
  });

  it('refuses another echo than the one in use, and takes none for any', () => {
    const { realtime } = testClient();
    const quiet = realtime.channel('room', { echo: false });
    expect(realtime.channel('room')).toBe(quiet);
    expect(realtime.channel('room', { echo: false })).toBe(quiet);
    expect(() => realtime.channel('room', { echo: true })).toThrow('[anywire:invalid]');
  });
});

describe('require', () => {
  const poor = {
    ack: 'written',
    rewind: 'none',
    resume: { support: 'none' },
    history: { support: 'none' },
    presence: { support: 'none' },
  } as const;

  it.each([
    ['ack', { ack: 'accepted' }],
    ['history', { history: true }],
    ['presence', { presence: true }],
    ['rewind', { rewind: true }],
    ['resume', { resume: true }],
  ] as const)('%s: refused by a backend without it, allowed by one with it', (name, require) => {
    const { realtime } = testClient({ fake: { capabilities: poor } });
    expect(() => realtime.channel('room', { require })).toThrow(
      new RegExp(`unsupported.*room.*fake.*${name}`),
    );
    expect(() => testClient().realtime.channel('room', { require })).not.toThrow();
  });

  it('names everything that is missing at once', () => {
    const { realtime } = testClient({ fake: { capabilities: poor } });
    expect(() =>
      realtime.channel('room', { require: { history: true, presence: true, ack: 'stored' } }),
    ).toThrow(/history.*presence.*ack/);
  });

  it('is checked for a channel that exists already too', () => {
    const { realtime } = testClient({ fake: { capabilities: poor } });
    realtime.channel('room');
    expect(() => realtime.channel('room', { require: { history: true } })).toThrow('unsupported');
  });

  it('takes a rewind from history for a rewind', () => {
    const { realtime } = testClient({ fake: { capabilities: { rewind: 'none' } } });
    expect(() => realtime.channel('room', { require: { rewind: true } })).not.toThrow();
    expect(realtime.supports('rewind')).toBe(true);
  });

  it('is judged by what the one channel can do', () => {
    const { realtime } = testClient({
      fake: {
        capabilitiesFor: ({ name }) => (name === 'bare' ? { history: { support: 'none' } } : {}),
      },
    });
    expect(realtime.supports('history')).toBe(true);
    expect(realtime.channel('full').capabilities.history.support).toBe('native');
    expect(() => realtime.channel('bare', { require: { history: true } })).toThrow('unsupported');
  });
});

describe('an unsubscribe function', () => {
  it('may be called twice, as `using` does, and inside its own listener', async () => {
    const { realtime, fake, clock } = testClient({ lingerMs: 0 });
    const room = realtime.channel('room');
    const off = room.on('e', () => off());
    await clock.settle();
    fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    off();
    room.on('e', () => {})[Symbol.dispose]();
    await clock.settle();
    expect(room.state.get()).toBe('detached');
    expect(clock.pending).toBe(0);
  });

  it('of one of 2 equal listeners stops one', async () => {
    const { realtime, fake, clock } = testClient();
    const room = realtime.channel('room');
    const data: unknown[] = [];
    const listener = (value: unknown): void => void data.push(value);
    const off = room.on('e', listener);
    room.on('e', listener);
    await clock.settle();
    off();
    fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    expect(data).toEqual([1]);
  });

  it('of onGap, onError and a store stops them', async () => {
    const client = testClient();
    const room = await client.attached('room');
    const seen: unknown[] = [];
    for (const off of [
      room.onGap((gap) => seen.push(gap)),
      room.onError((error) => seen.push(error)),
      room.state.subscribe((state) => state === 'attached' || seen.push(state)),
    ])
      off();
    client.fake.handle('attach', (call) => call.answer({ continuity: 'lost' }));
    client.fake.drop();
    await client.clock.advance(250);
    expect(seen).toEqual([]);
  });
});
